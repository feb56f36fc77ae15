"""The call-in time: `MM-DD-YYYY HH:MM:SS` on the clocks of the lead's state, to an instant in UTC."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from leads.geography import to_utc

_SHAPE = re.compile(r"[0-9]{2}-[0-9]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_HOURS = {f"{hour:02}": timedelta(hours=hour) for hour in range(24)}
_MINUTES = {
    f":{minute:02}:{second:02}": timedelta(minutes=minute, seconds=second)
    for minute in range(60)
    for second in range(60)
}


def looks_like_a_time(text: str) -> bool:
    """Whether a text has the shape of a call-in time, be it a possible one or not."""
    return _SHAPE.fullmatch(text) is not None


def call_in_time(text: str, state: str) -> datetime:
    """The instant of a call-in time in a state. Raises ValueError where the text is no possible time.

    Nearly every day has one offset from UTC from midnight to midnight: then the time of day is added to the day's
    beginning, which is remembered. A day on which the clocks change is worked out time by time.
    """
    try:
        midnight = _midnight(text[:11], state)
        since_midnight = _HOURS[text[11:13]] + _MINUTES[text[13:]]
    except KeyError:
        raise ValueError(text) from None
    return midnight + since_midnight if midnight else to_utc(_local(text), state)


@lru_cache(maxsize=50_000)
def _midnight(date: str, state: str) -> datetime | None:
    """The instant at which a day begins in a state; None where clocks change on it. `date` ends in a blank."""
    begins = _local(f"{date}00:00:00")
    try:
        first, last = to_utc(begins, state), to_utc(begins + timedelta(hours=24), state)
    except OverflowError:
        raise ValueError(date) from None
    return first if last - first == timedelta(hours=24) else None


def _local(text: str) -> datetime:
    if not looks_like_a_time(text):
        raise ValueError(text)
    return datetime.strptime(text, "%m-%d-%Y %H:%M:%S")  # noqa: DTZ007 - naive until the state's zone is known
