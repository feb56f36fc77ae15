from collections.abc import Iterator
from dataclasses import dataclass

LEVELS = ("state", "county")

UNKNOWN = ""
"""A level that the lead's file left out: a place like any other, but no buyer can ask for it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A state and a county. None leaves a level open, so `Place()` is everywhere.

    A county without a state (every county called Lee) is enough to browse but not to buy.
    """

    state: str | None = None
    county: str | None = None

    @property
    def levels(self) -> tuple[str | None, ...]:
        """Widest first."""
        return (self.state, self.county)

    @property
    def depth(self) -> int:
        """The level of the narrowest named one; 0 is everywhere."""
        return max((depth for depth, value in enumerate(self.levels, 1) if value is not None), default=0)

    @property
    def is_nested(self) -> bool:
        """Whether no level is open above a named one."""
        return None not in self.levels[: self.depth]

    def contains(self, other: "Place") -> bool:
        return all(mine in (None, theirs) for mine, theirs in zip(self.levels, other.levels, strict=True))

    def widened(self) -> Iterator["Place"]:
        """This place, its state, everywhere."""
        yield self
        for depth in reversed(range(self.depth)):
            if self.levels[depth] is not None:
                yield Place(*self.levels[:depth])

    @property
    def known(self) -> "Place":
        """The narrowest place around this one that a buyer can ask for."""
        return next(place for place in self.widened() if UNKNOWN not in place.levels)

    def as_filter(self) -> dict[str, str]:
        """Under the names of columns, forms and the API."""
        return {level: value for level, value in zip(LEVELS, self.levels, strict=True) if value is not None}

    @property
    def as_text(self) -> str:
        """For forms and addresses: `LA,Caddo`, `LA`; empty for everywhere."""
        return ",".join(level for level in self.levels if level is not None)

    @property
    def label(self) -> str:
        """For people: `Caddo, LA`, `LA`, `LA without a county`, or nothing."""
        if self.county == UNKNOWN:
            return f"{self.state} without a county"
        return ", ".join(level for level in (self.county, self.state) if level is not None)


EVERYWHERE = Place()
