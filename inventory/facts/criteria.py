"""What a record is filtered by: class, bucket and place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self
from uuid import UUID

from inventory.facts.place import EVERYWHERE, Place
from inventory.facts.territory import Territory
from leads.age import AgeBucket
from leads.classification import Classification

type Cell = tuple[Classification, AgeBucket]
"""Has one price."""

MAX_QUANTITY = 1000
"""Leads on one line of an order (contract, "Purchase")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """A filter over inventory. None matches everything. A territory stands in the place of a place."""

    classification: Classification | None = None
    age_bucket: AgeBucket | None = None
    place: Place = EVERYWHERE
    territory: Territory | None = None

    def as_filter(self) -> dict[str, str]:
        """Under the names of columns, forms and the API. A territory is a form's alone; its `parts` have columns."""
        named = {"classification": self.classification, "age_bucket": self.age_bucket}
        fixed = {name: str(value) for name, value in named.items() if value is not None}
        return fixed | ({"territory": self.territory.as_text} if self.territory else self.place.as_filter())

    @property
    def cells(self) -> list[Cell]:
        classes = [self.classification] if self.classification else Classification
        return list(product(classes, [self.age_bucket] if self.age_bucket else AgeBucket))

    def at(self, place: Place) -> Self:
        return type(self)(classification=self.classification, age_bucket=self.age_bucket, place=place)

    @property
    def parts(self) -> tuple[Self, ...]:
        """The same for each place of a territory; without one, only this."""
        return tuple(map(self.at, self.territory.places)) if self.territory else (self,)

    @property
    def place_label(self) -> str:
        """For people: `Caddo, LA`, a territory's name; nothing for everywhere."""
        return self.territory.label if self.territory else self.place.label

    def widened(self) -> Iterator[Self]:
        """Narrowest first, beginning with this."""
        return map(self.at, self.place.widened())

    def contains(self, other: "Criteria") -> bool:
        """Whether it matches all that the other matches. Not asked of territories, which lie crosswise."""
        assert self.territory is None
        assert other.territory is None
        return (
            self.classification in (None, other.classification)
            and self.age_bucket in (None, other.age_bucket)
            and self.place.contains(other.place)
        )

    @property
    def label(self) -> str:
        """For people: `Gold, 6 to 8 months, Caddo, LA`."""
        parts = [
            self.classification.label if self.classification else "Gold and Silver",
            self.age_bucket.label if self.age_bucket else "every age",
            self.place_label or "all states",
        ]
        return ", ".join(str(part) for part in parts)

    def __str__(self) -> str:
        """For programs: `Gold MONTH_6_TO_8 state=LA county=Caddo`. Omits what is unknown."""
        parts = [str(value) for value in (self.classification, self.age_bucket) if value is not None]
        parts += [f"{level}={value}" for level, value in self.place.known.as_filter().items()]
        parts += [f"territory={self.territory}"] if self.territory else []
        return " ".join(parts) or "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """An unfilled order line. `named` records come first; others replace those that are gone.

    Raises ValueError if class or bucket is open, for a county without its state, for a territory beside a place, or for
    a quantity outside 1 to 1000 (contract, "Purchase").
    """

    criteria: Criteria
    quantity: int
    named: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        if self.criteria.classification is None or self.criteria.age_bucket is None:
            raise ValueError("A line names a classification and an age bucket.")
        if not self.criteria.place.is_nested:
            raise ValueError("A county is chosen within a state: name the state as well.")
        if self.criteria.territory and self.criteria.place != EVERYWHERE:
            raise ValueError("A line has a place or a territory, not both.")
        if not 1 <= self.quantity <= MAX_QUANTITY:
            raise ValueError(f"A line asks for 1 to {MAX_QUANTITY} leads, not {self.quantity}.")


def allocation_order(demands: Sequence[Demand]) -> list[int]:
    """The demands' indexes: narrowest place first, then by name. Territories come last, as they were asked for.

    Places are nested, so this finds an assignment wherever one exists (contract, "Purchase"). Territories are split
    into places first (inventory/allocation/territories.py).
    """
    return sorted(range(len(demands)), key=lambda i: _turn(demands[i].criteria))


def _turn(criteria: Criteria) -> tuple[bool, int, str]:
    return (True, 0, "") if criteria.territory else (False, -criteria.place.depth, str(criteria))
