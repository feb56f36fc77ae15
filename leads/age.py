"""Age and age buckets: pure functions of `created_at_utc` and `as_of` (contract, "Age and age buckets").

A month is 30 days. All datetimes are aware.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Self

from django.db import models

DAY = timedelta(days=1)

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of the last bucket. psycopg cannot load PostgreSQL's `infinity`."""


class AgeBucket(models.TextChoices):
    """Youngest first. A lead may be sold once in each."""

    MONTH_3_TO_5 = "MONTH_3_TO_5", "3 to 5 months"
    MONTH_6_TO_8 = "MONTH_6_TO_8", "6 to 8 months"
    MONTH_9_TO_11 = "MONTH_9_TO_11", "9 to 11 months"
    MONTH_12_TO_23 = "MONTH_12_TO_23", "12 to 23 months"
    MONTH_24_PLUS = "MONTH_24_PLUS", "24 months and more"

    @property
    def first_day(self) -> int:
        """The age in days at its beginning."""
        return _FIRST_DAY[self]

    @property
    def next(self) -> "AgeBucket | None":
        """The next older bucket; None after the last."""
        return _NEXT.get(self)

    @property
    def length(self) -> int:
        """In days. Raises ValueError for the last bucket."""
        if self.next is None:
            raise ValueError(f"{self} has no end.")
        return self.next.first_day - self.first_day

    def enters_at(self, created_at: datetime) -> datetime:
        """The first instant in the bucket."""
        return created_at + self.first_day * DAY

    def expires_at(self, created_at: datetime) -> datetime:
        """The first instant past the bucket; `NEVER` for the last one."""
        return self.next.enters_at(created_at) if self.next else NEVER

    @classmethod
    def at(cls, created_at: datetime, as_of: datetime) -> Self | None:
        """None while the lead is too young to sell."""
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
    """Whole 24-hour days, rounded down; negative for a future lead."""
    return (as_of - created_at) // DAY
