"""Age and age buckets: pure functions of `created_at_utc` and an instant `as_of` (contract, "Age and age buckets").

A month is 30 days; nothing here knows a calendar. All instants are aware datetimes; none is read from a clock.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Self

from django.db import models

DAY = timedelta(days=1)

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a lead leaves the last bucket. A date and not PostgreSQL's `infinity`, which psycopg cannot load."""


class AgeBucket(models.TextChoices):
    """The age buckets, youngest first. Within each a lead may be sold once."""

    MONTH_3_TO_5 = "MONTH_3_TO_5", "3 to 5 months"
    MONTH_6_TO_8 = "MONTH_6_TO_8", "6 to 8 months"
    MONTH_9_TO_11 = "MONTH_9_TO_11", "9 to 11 months"
    MONTH_12_TO_23 = "MONTH_12_TO_23", "12 to 23 months"
    MONTH_24_PLUS = "MONTH_24_PLUS", "24 months and more"

    @property
    def first_day(self) -> int:
        """The age in whole days at which a lead enters the bucket."""
        return _FIRST_DAY[self]

    @property
    def next(self) -> "AgeBucket | None":
        """The bucket that a lead enters when it leaves this one; None after the last."""
        return _NEXT.get(self)

    @property
    def length(self) -> int:
        """How many days a lead is in the bucket. Raises ValueError for the last one, which has no end."""
        if self.next is None:
            raise ValueError(f"{self} has no end.")
        return self.next.first_day - self.first_day

    def enters_at(self, created_at: datetime) -> datetime:
        """The first instant at which a lead of `created_at` is in the bucket."""
        return created_at + self.first_day * DAY

    def expires_at(self, created_at: datetime) -> datetime:
        """The first instant at which a lead of `created_at` is past the bucket; `NEVER` for the last one."""
        return self.next.enters_at(created_at) if self.next else NEVER

    @classmethod
    def at(cls, created_at: datetime, as_of: datetime) -> Self | None:
        """The bucket of a lead at an instant; None while it is too young to be sold."""
        age = age_days(created_at, as_of)
        return next((bucket for bucket in reversed(cls) if bucket.first_day <= age), None)


_FIRST_DAY: dict[AgeBucket, int] = {
    AgeBucket.MONTH_3_TO_5: 90,
    AgeBucket.MONTH_6_TO_8: 180,
    AgeBucket.MONTH_9_TO_11: 270,
    AgeBucket.MONTH_12_TO_23: 360,
    AgeBucket.MONTH_24_PLUS: 720,
}
_NEXT = dict(pairwise(AgeBucket))


def age_days(created_at: datetime, as_of: datetime) -> int:
    """Whole days of 24 hours from `created_at` to `as_of`, rounded down (negative for a future lead)."""
    return (as_of - created_at) // DAY
