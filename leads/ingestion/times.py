"""Converts the call-in time, `MM-DD-YYYY HH:MM:SS` on the clocks of the lead's state, to UTC."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from leads.geography import zone_to_utc

_DATE = re.compile(r"[0-9]{2}-[0-9]{2}-[0-9]{4} ")
_TIME = re.compile(_DATE.pattern + r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_HOURS = {f"{hour:02}": timedelta(hours=hour) for hour in range(24)}
_MINUTES = {
    f":{minute:02}:{second:02}": timedelta(minutes=minute, seconds=second)
    for minute in range(60)
    for second in range(60)
}


def looks_like_a_time(text: str) -> bool:
    """Whether a text has the shape of a call-in time, possible or not."""
    return _TIME.fullmatch(text) is not None


def call_in_time(text: str, zone: ZoneInfo) -> datetime:
    """The UTC instant of a call-in time. Raises ValueError for an impossible one.

    Adds the time of day to the cached midnight, except on days when clocks change.
    """
    try:
        since_midnight = _HOURS[text[11:13]] + _MINUTES[text[13:]]
        if midnight := _midnight(text[:11], zone):
            return midnight + since_midnight
        return zone_to_utc(_date(text[:11]) + since_midnight, zone)
    except (KeyError, OverflowError):
        raise ValueError(text) from None


@lru_cache(maxsize=50_000)
def _midnight(date: str, zone: ZoneInfo) -> datetime | None:
    """None if clocks change on that day. `date` ends in a blank."""
    begins = _date(date)
    first, last = zone_to_utc(begins, zone), zone_to_utc(begins + timedelta(hours=24), zone)
    return first if last - first == timedelta(hours=24) else None


def _date(text: str) -> datetime:
    """Expects a blank after the date."""
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return datetime(int(text[6:10]), int(text[:2]), int(text[3:5]))  # noqa: DTZ001 - the zone comes later
