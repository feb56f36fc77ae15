from datetime import UTC, date, datetime


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """The instants (UTC) at which the month of a day begins and ends."""
    later = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return datetime(month.year, month.month, 1, tzinfo=UTC), datetime(later.year, later.month, 1, tzinfo=UTC)
