"""By when an opt-out must be done, and how much of that time is left."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Min

from leads.models import OptOut, OptOutList
from leads.opt_outs.models import OptOutKind
from sales.privacy.erasing import erasures_pending

SHORT = 10
"""From so many days on the register shows them in red."""

DROP_EVERY = 45
"""Days within which a list of DROP must be fetched again."""

DAYS_TO_DO = {
    OptOutKind.DROP: 45,
    OptOutKind.DNC: 31,
    OptOutKind.LITIGATOR: 31,
    OptOutKind.LIST: 31,
    OptOutKind.PAGE: 15,
    OptOutKind.STAFF: 15,
}
"""Days from the day on which an opt-out comes to the day by which it must be done (docs/privacy.md names the laws)."""


def due_on(kind: OptOutKind, *, received_at: datetime) -> date:
    """The last day (UTC) by which it must be done."""
    return (received_at + timedelta(days=DAYS_TO_DO[kind])).astimezone(UTC).date()


def days_left(due: date, *, as_of: datetime) -> int:
    """Days until the last one; 0 on it, less once it is over."""
    return (due - as_of.astimezone(UTC).date()).days


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What of the register is still to be done, and when a list of DROP is next to be fetched.

    `open` is what staff have to decide. `next_due` also looks at erasures that are not done and lists that broke off.
    """

    open: int
    next_due: date | None
    next_days: int | None
    lists: list[OptOutList]
    drop_fetched_at: datetime | None
    drop_days: int | None

    @property
    def is_short(self) -> bool:
        return self.next_days is not None and self.next_days <= SHORT

    @property
    def is_drop_short(self) -> bool:
        return self.drop_days is not None and self.drop_days <= SHORT


def deadlines(*, as_of: datetime) -> Deadlines:
    """For the page of the register."""
    waiting = OptOut.objects.open().aggregate(number=Count("id"), due=Min("due_on"))
    unfinished = list(OptOutList.objects.filter(done_at_utc=None).order_by("due_on")[:10])
    unerased = erasures_pending().aggregate(due=Min("due_on"))["due"]
    due = min((one for one in [waiting["due"], unerased, *(one.due_on for one in unfinished)] if one), default=None)
    fetched = OptOutList.objects.filter(kind=OptOutKind.DROP).order_by("-received_at_utc").first()
    again = (fetched.received_at_utc + timedelta(days=DROP_EVERY)).astimezone(UTC).date() if fetched else None
    return Deadlines(
        open=waiting["number"],
        next_due=due,
        next_days=days_left(due, as_of=as_of) if due else None,
        lists=unfinished,
        drop_fetched_at=fetched.received_at_utc if fetched else None,
        drop_days=days_left(again, as_of=as_of) if again else None,
    )
