from dataclasses import dataclass, field
from decimal import Decimal

from leads.ingestion.encodings import UTF_8
from leads.loads.models import UNKNOWN_SUPPLIER


@dataclass(frozen=True, slots=True)
class MaxRejects:
    """A number of rows, or a percentage of all."""

    value: Decimal
    is_percentage: bool

    def allows(self, rejected: int, rows: int) -> bool:
        """Whether `rejected` of `rows` are few enough."""
        return rejected * 100 <= self.value * rows if self.is_percentage else rejected <= self.value

    def __str__(self) -> str:
        return f"{self.value.normalize():f}%" if self.is_percentage else f"{self.value:,}"


HALF = MaxRejects(Decimal(50), is_percentage=True)
"""Somebody must notice if most rows are rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """`may_lack` names lead fields whose columns may be missing. `raw_rejects` keeps formulas. `supplier` is a code."""

    may_lack: frozenset[str] = field(default_factory=frozenset)
    encoding: str = UTF_8
    max_rejects: MaxRejects = HALF
    raw_rejects: bool = False
    supplier: str = UNKNOWN_SUPPLIER
