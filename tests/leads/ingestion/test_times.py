"""csv-format: `MM-DD-YYYY HH:MM:SS`, and nothing else, on the clocks of the state."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.geography import STATES, to_utc
from leads.ingestion.times import call_in_time


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(microsecond=0)),  # noqa: DTZ001
    st.sampled_from(sorted(STATES)),
)
def test_a_call_in_time_is_that_time_on_the_clocks_of_the_state(local: datetime, state: str) -> None:
    assert call_in_time(f"{local:%m-%d-%Y %H:%M:%S}", STATES[state].time_zone) == to_utc(local, state)


@pytest.mark.parametrize("state", ["NY", "CA", "AK", "AZ", "AE"])
@pytest.mark.parametrize("day", ["03-08-2026", "11-01-2026", "03-29-2026", "10-25-2026"])
def test_every_quarter_hour_of_the_days_on_which_clocks_change(state: str, day: str) -> None:
    for minutes in range(0, 24 * 60, 15):
        text = f"{day} {minutes // 60:02}:{minutes % 60:02}:59"
        local = datetime.strptime(text, "%m-%d-%Y %H:%M:%S")  # noqa: DTZ007
        assert call_in_time(text, STATES[state].time_zone) == to_utc(local, state)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-15 12:00:00",
        "01/15/2026 12:00:00",
        "1-15-2026 12:00:00",
        "01-15-26 12:00:00",
        "01-15-2026",
        "01-15-2026 12:00",
        "01-15-2026  12:00:00",
        "01-15-2026T12:00:00",
        "01-15-2026 12:00:00.5",
        "01-15-2026 12:00:00Z",
        "01-15-2026 1:00:00",
        "01-15-2026 12-00-00",
        "13-01-2026 12:00:00",
        "02-30-2026 12:00:00",
        "02-29-2026 12:00:00",
        "00-10-2026 12:00:00",
        "01-15-0000 12:00:00",
        "01-15-2026 24:00:00",
        "01-15-2026 12:60:00",
        "01-15-2026 12:00:60",
        "0１-15-2026 12:00:00",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        call_in_time(text, STATES["LA"].time_zone)


def test_the_ends_of_the_calendar() -> None:
    """At the first instant of the calendar it is still the year before in Greenwich, seen from Tokyo."""
    with pytest.raises(ValueError, match="0001"):
        call_in_time("01-01-0001 00:00:00", STATES["AP"].time_zone)
    assert call_in_time("02-29-2024 12:00:00", STATES["LA"].time_zone) == datetime(2024, 2, 29, 18, tzinfo=UTC)
