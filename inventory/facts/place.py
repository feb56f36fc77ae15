"""Where leads are: a path of levels, from wide to narrow. All that is done with places is said here, once."""

from collections.abc import Iterator
from dataclasses import dataclass

LEVELS = ("state", "county")

UNKNOWN = ""
"""The value of a level that a lead's file left out. "LA, county unknown" is a place like any other: two such leads are
alike, and the state contains them. No buyer can ask for it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A state and a county in it. None leaves a level open, so `Place()` is everywhere.

    A level may be open above one that is named (every county called Lee): enough to look around, too little to buy.
    """

    state: str | None = None
    county: str | None = None

    @property
    def levels(self) -> tuple[str | None, ...]:
        """The path, widest level first."""
        return (self.state, self.county)

    @property
    def depth(self) -> int:
        """How many levels it takes to get here: 0 is everywhere."""
        return max((depth for depth, value in enumerate(self.levels, 1) if value is not None), default=0)

    @property
    def is_nested(self) -> bool:
        """Whether each level that is named lies within one that is named too."""
        return None not in self.levels[: self.depth]

    def contains(self, other: "Place") -> bool:
        return all(mine in (None, theirs) for mine, theirs in zip(self.levels, other.levels, strict=True))

    def widened(self) -> Iterator["Place"]:
        """This place, then each one around it: the state, everywhere."""
        yield self
        for depth in reversed(range(self.depth)):
            if self.levels[depth] is not None:
                yield Place(*self.levels[:depth])

    @property
    def known(self) -> "Place":
        """The narrowest place around this one that a buyer can ask for."""
        return next(place for place in self.widened() if UNKNOWN not in place.levels)

    def as_filter(self) -> dict[str, str]:
        """The named levels, by the names that columns, forms and the API give them."""
        return {level: value for level, value in zip(LEVELS, self.levels, strict=True) if value is not None}

    @property
    def label(self) -> str:
        """For people: `Caddo, LA`, `LA`, `LA without a county`, or nothing for everywhere."""
        if self.county == UNKNOWN:
            return f"{self.state} without a county"
        return ", ".join(level for level in (self.county, self.state) if level is not None)


EVERYWHERE = Place()
