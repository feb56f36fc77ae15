"""What an operator says about a file that is loaded."""

from dataclasses import dataclass, field
from decimal import Decimal

from leads.ingestion.encodings import UTF_8
from leads.loads.models import UNKNOWN_SUPPLIER


@dataclass(frozen=True, slots=True)
class MaxRejects:
    """How many rows of a file may be rejected: a number, or a percentage of all its rows."""

    value: Decimal
    is_percentage: bool

    def allows(self, rejected: int, rows: int) -> bool:
        """Whether so many rejected rows of so many are few enough."""
        return rejected * 100 <= self.value * rows if self.is_percentage else rejected <= self.value

    def __str__(self) -> str:
        return f"{self.value.normalize():f}%" if self.is_percentage else f"{self.value:,}"


HALF = MaxRejects(Decimal(50), is_percentage=True)
"""A file of which most rows are refused is to be noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """`may_lack` names the lead fields whose columns may be missing; `raw_rejects` keeps what a spreadsheet would take
    for a formula in the rejects file. `supplier` is the code of who sold the leads to us; empty where it is unknown."""

    may_lack: frozenset[str] = field(default_factory=frozenset)
    encoding: str = UTF_8
    max_rejects: MaxRejects = HALF
    raw_rejects: bool = False
    supplier: str = UNKNOWN_SUPPLIER
