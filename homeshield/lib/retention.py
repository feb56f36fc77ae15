"""What is removed once it is no longer needed: each floor says it of its own tables (docs/privacy.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

type Work = Callable[[datetime], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kind of row: how many days it is kept, and what counts and removes those from before an instant."""

    what: str
    days: int
    count: Work
    remove: Work

    def before(self, as_of: datetime) -> datetime:
        """The instant before which it is no longer needed."""
        return as_of - timedelta(days=self.days)
