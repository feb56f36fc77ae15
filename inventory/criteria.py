"""What a buyer asks for: a class, a bucket and a place, each of which may be left open while browsing."""

from dataclasses import dataclass, replace
from typing import Self

from leads.age import AgeBucket
from leads.classification import Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """A filter over inventory. None leaves a question open; a county is one of its state, so it needs the state.

    Raises ValueError for a county without a state: county names repeat over the states.
    """

    classification: Classification | None = None
    age_bucket: AgeBucket | None = None
    state: str | None = None
    county: str | None = None

    def __post_init__(self) -> None:
        if self.county is not None and self.state is None:
            raise ValueError("A county is chosen within a state: name the state as well.")

    def as_filter(self) -> dict[str, str]:
        """Keyword arguments for a QuerySet: only what is not left open."""
        named = {
            "classification": self.classification,
            "age_bucket": self.age_bucket,
            "state": self.state,
            "county": self.county,
        }
        return {name: str(value) for name, value in named.items() if value is not None}

    @property
    def is_line(self) -> bool:
        """Whether this names one class and one bucket, as each line of an order must (contract, "Purchase")."""
        return self.classification is not None and self.age_bucket is not None

    def without_place(self) -> Self:
        return replace(self, state=None, county=None)

    def __str__(self) -> str:
        """`Gold MONTH_6_TO_8 state=LA county=Caddo`"""
        parts = [str(value) for value in (self.classification, self.age_bucket) if value is not None]
        parts += [f"state={self.state}"] * (self.state is not None)
        parts += [f"county={self.county}"] * (self.county is not None)
        return " ".join(parts) or "everything"
