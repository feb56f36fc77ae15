"""A year at a glance: leads and spend by month and by state, added up from what was bought (UTC)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Max, Min, Sum
from django.db.models.functions import ExtractMonth

from leads.geography import state_name
from sales.history.models import PurchasedLead


@dataclass(frozen=True, slots=True)
class Bought:
    """`spent` is in USD: what was paid, before what returns gave back."""

    label: str
    leads: int
    spent: Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """Two of a picture's bars, for leads and dollars: shares are their lengths, of 1000 for the longest."""

    bought: Bought
    share: int
    paid_share: int


@dataclass(frozen=True, slots=True)
class Year:
    """`months` begin with the client's first order and end with the present one; `states` are only those in which
    something was bought, the most leads first."""

    year: int
    months: Sequence[Bought]
    states: Sequence[Bought]

    @property
    def total(self) -> Bought:
        spent = sum((one.spent for one in self.months), Decimal("0.00"))
        return Bought(str(self.year), sum(one.leads for one in self.months), spent)

    @property
    def month_bars(self) -> Sequence[Bar]:
        return list(_bars(self.months))

    @property
    def state_bars(self) -> Sequence[Bar]:
        return list(_bars(self.states))


def years_of(client_id: UUID) -> list[int]:
    """The years in which the client bought something, latest first, without gaps."""
    span = PurchasedLead.objects.filter(client_id=client_id).aggregate(Min("sold_at_utc"), Max("sold_at_utc"))
    first, last = span["sold_at_utc__min"], span["sold_at_utc__max"]
    if first is None:
        return []
    return list(range(last.astimezone(UTC).year, first.astimezone(UTC).year - 1, -1))


def year_of(*, client_id: UUID, year: int, is_first: bool = False, as_of: datetime) -> Year:
    """One statement, over what the client bought in that year. The first one begins with its first order.

    Raises ValueError for a year outside the calendar.
    """
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    rows = list(
        PurchasedLead.objects.filter(client_id=client_id, sold_at_utc__gte=begin, sold_at_utc__lt=end)
        .order_by()
        .values_list(ExtractMonth("sold_at_utc", tzinfo=UTC), "state")
        .annotate(leads=Count("*"), spent=Sum("price"))
    )
    bought, today = [month for month, *_ in rows], as_of.astimezone(UTC)
    begun = min(bought, default=1) if is_first else 1
    over = max([today.month if today.year == year else 12, *bought])
    months = {number: (0, Decimal("0.00")) for number in range(begun, over + 1)}
    states: dict[str, tuple[int, Decimal]] = {}
    for month, state, leads, spent in rows:
        months[month] = (months[month][0] + leads, months[month][1] + spent)
        before = states.get(state, (0, Decimal("0.00")))
        states[state] = (before[0] + leads, before[1] + spent)
    by_leads = sorted(states.items(), key=lambda each: (-each[1][0], each[0]))
    return Year(
        year=year,
        months=[Bought(f"{date(year, number, 1):%b}", *sums) for number, sums in months.items()],
        states=[Bought(state_name(state), *sums) for state, sums in by_leads],
    )


def _bars(bought: Sequence[Bought]) -> Iterator[Bar]:
    most, most_spent = max((one.leads for one in bought), default=0), max((one.spent for one in bought), default=0)
    for one in bought:
        paid = -(-1000 * one.spent // most_spent) if most_spent else 0
        yield Bar(one, -(-1000 * one.leads // most) if most else 0, int(paid))
