"""What a buyer asks for: a class, a bucket and a place, each of which may be left open while browsing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from leads.age import AgeBucket
from leads.classification import Classification

MAX_QUANTITY = 1000
"""The most leads that one line of an order asks for (contract, "Purchase")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """A filter over inventory. None leaves a question open. County names repeat over the states, so a county without
    a state means all counties of that name: good enough to look around, too little to buy (see Demand)."""

    classification: Classification | None = None
    age_bucket: AgeBucket | None = None
    state: str | None = None
    county: str | None = None

    def as_filter(self) -> dict[str, str]:
        """Keyword arguments for a QuerySet: only what is not left open."""
        named = {
            "classification": self.classification,
            "age_bucket": self.age_bucket,
            "state": self.state,
            "county": self.county,
        }
        return {name: str(value) for name, value in named.items() if value is not None}

    def without_place(self) -> Self:
        return replace(self, state=None, county=None)

    def places_around(self) -> Iterator[Self]:
        """This, and then the same class and bucket in each wider place: the state, everywhere."""
        yield self
        if self.county is not None:
            yield replace(self, county=None)
        if self.state is not None:
            yield self.without_place()

    def contains(self, other: "Criteria") -> bool:
        """Whether every record that the other describes is described by this one too."""
        return all(
            mine is None or mine == theirs
            for mine, theirs in (
                (self.classification, other.classification),
                (self.age_bucket, other.age_bucket),
                (self.state, other.state),
                (self.county, other.county),
            )
        )

    @property
    def place(self) -> str:
        """`Caddo, LA`, `LA`, or nothing for all states."""
        return ", ".join(filter(None, (self.county, self.state)))

    @property
    def label(self) -> str:
        """The criteria for people: `Gold, 6 to 8 months, Caddo, LA`."""
        parts = [
            self.classification.label if self.classification else "Gold and Silver",
            self.age_bucket.label if self.age_bucket else "every age",
            self.place or "all states",
        ]
        return ", ".join(str(part) for part in parts)

    def __str__(self) -> str:
        """`Gold MONTH_6_TO_8 state=LA county=Caddo`"""
        parts = [str(value) for value in (self.classification, self.age_bucket) if value is not None]
        parts += [f"state={self.state}"] * (self.state is not None)
        parts += [f"county={self.county}"] * (self.county is not None)
        return " ".join(parts) or "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A quantity of leads under criteria that name one class and one bucket: a line of an order, before it is filled.

    Raises ValueError where class or bucket is open, for a county without its state, or for a quantity outside 1 to
    1000 (contract, "Purchase").
    """

    criteria: Criteria
    quantity: int

    def __post_init__(self) -> None:
        if self.criteria.classification is None or self.criteria.age_bucket is None:
            raise ValueError("A line names a classification and an age bucket.")
        if self.criteria.county is not None and self.criteria.state is None:
            raise ValueError("A county is chosen within a state: name the state as well.")
        if not 1 <= self.quantity <= MAX_QUANTITY:
            raise ValueError(f"A line asks for 1 to {MAX_QUANTITY} leads, not {self.quantity}.")


def allocation_order(demands: Sequence[Demand]) -> list[int]:
    """The places of the demands in the order in which they are filled: the narrowest place first, then any fixed order.

    County lies within state within everywhere, so a demand that is filled first takes nothing from a wider one that
    the wider one could not have taken itself: an assignment is found wherever one exists (contract, "Purchase").
    """
    return sorted(range(len(demands)), key=lambda i: _narrowest_first(demands[i].criteria))


def _narrowest_first(criteria: Criteria) -> tuple[int, str]:
    return (len(list(criteria.places_around())) * -1, str(criteria))
