"""Several places that one line asks for (contract, "Purchase")."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from django.db.models import TextChoices

from inventory.facts.place import UNKNOWN, Place

MAX_PLACES = 50
"""Places of one territory."""


class Share(TextChoices):
    """How a territory's leads are shared among its places, as far as each place has them."""

    EVENLY = "evenly", "Evenly"
    BY_STOCK = "by_stock", "By stock"
    LAPSING_FIRST = "lapsing_first", "What leaves its age band first"


@dataclass(frozen=True, slots=True)
class Territory:
    """States and counties, none of which lies in another. Kept sorted: their order means nothing.

    `name` is what the buyer calls it; it makes no difference to what is bought. Raises ValueError for no place or more
    than 50, for a place without a state, and for places that overlap.
    """

    places: tuple[Place, ...]
    share: Share = Share.EVENLY
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", tuple(sorted(self.places, key=_by_name)))
        if not 1 <= len(self.places) <= MAX_PLACES:
            raise ValueError(f"A territory has 1 to {MAX_PLACES} places, not {len(self.places)}.")
        if any(not place.state or place.county == UNKNOWN for place in self.places):
            raise ValueError("Each place of a territory names a state.")
        if found := overlap(self.places):
            raise ValueError(f"{found[0].label} and {found[1].label} overlap.")

    @property
    def states(self) -> tuple[str, ...]:
        """Sorted, each once."""
        return tuple(dict.fromkeys(place.levels[0] or "" for place in self.places))

    @property
    def label(self) -> str:
        """For people: its name, or `Bossier and Caddo, LA`, `9 counties of TX`, `12 places in 3 states`."""
        if self.name:
            return self.name
        count, states = len(self.places), self.states
        counties = [place.county for place in self.places if place.county is not None]
        if count == 1:
            return self.places[0].label
        if not counties:
            return _listed(states) if count <= _FEW else f"{count} states"
        if len(states) > 1:
            return f"{count} {'counties' if len(counties) == count else 'places'} in {len(states)} states"
        return f"{_listed(counties)}, {states[0]}" if count <= _FEW else f"{count} counties of {states[0]}"

    @property
    def as_text(self) -> str:
        """For a form and a draft: what `of_text` reads."""
        places = [[level for level in place.levels if level is not None] for place in self.places]
        return json.dumps({"places": places, "share": str(self.share), "name": self.name}, ensure_ascii=False)

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Raises ValueError for anything that is not a territory's text."""
        match json.loads(text):
            case {"places": [*places], "share": str(share), "name": str(name)}:
                return cls(tuple(map(_place_of, places)), Share(share), name)
        raise ValueError("This is not a territory.")

    def __str__(self) -> str:
        """For programs: `LA/Bossier, LA/Caddo evenly`."""
        return f"{', '.join('/'.join(filter(None, place.levels)) for place in self.places)} {self.share}"


_FEW = 3


def overlap(places: Sequence[Place]) -> tuple[Place, Place] | None:
    """Two places that are the same, or one of which lies in the other."""
    seen: set[Place] = set()
    for place in sorted(places, key=lambda one: one.depth):
        if around := next((wide for wide in place.widened() if wide in seen), None):
            return around, place
        seen.add(place)
    return None


def _by_name(place: Place) -> tuple[str, ...]:
    return tuple(level or "" for level in place.levels)


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _place_of(levels: object) -> Place:
    match levels:
        case [str(state)]:
            return Place(state)
        case [str(state), str(county)]:
            return Place(state, county)
    raise ValueError("This is not a place.")
