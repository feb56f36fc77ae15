"""States, their clocks, and the names of counties."""

from datetime import UTC, datetime

import pytest

from leads.geography import COUNTIES, STATES, match_county, to_utc


def test_there_are_fifty_states_the_district_six_territories_and_three_military_codes() -> None:
    assert len(STATES) == 60
    assert {"DC", "AS", "GU", "MP", "PR", "VI", "UM", "AA", "AE", "AP"} < set(STATES)
    assert not {"FM", "MH", "PW"} & set(STATES)  # freely associated, and no territories
    assert set(COUNTIES) < set(STATES)
    assert STATES["LA"].name == "Louisiana"


@pytest.mark.parametrize(
    ("state", "local", "utc"),
    [
        ("LA", (2026, 1, 15, 12), (2026, 1, 15, 18)),
        ("LA", (2026, 7, 15, 12), (2026, 7, 15, 17)),
        ("AZ", (2026, 7, 15, 12), (2026, 7, 15, 19)),  # no daylight saving
        ("HI", (2026, 7, 15, 12), (2026, 7, 15, 22)),
        ("PR", (2026, 7, 15, 12), (2026, 7, 15, 16)),
        ("TN", (2026, 7, 15, 12), (2026, 7, 15, 17)),  # most live in its Central part
        ("KY", (2026, 7, 15, 12), (2026, 7, 15, 16)),  # most live in its Eastern part
        ("GU", (2026, 1, 1, 8), (2025, 12, 31, 22)),
        ("AE", (2026, 7, 15, 12), (2026, 7, 15, 10)),
        ("AP", (2026, 7, 15, 12), (2026, 7, 15, 3)),
    ],
)
def test_a_wall_clock_time_is_read_on_the_clocks_of_its_state(
    state: str, local: tuple[int, ...], utc: tuple[int, ...]
) -> None:
    assert to_utc(datetime(*local), state) == datetime(*utc, tzinfo=UTC)  # type: ignore[arg-type, misc]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("state", "local", "utc"),
    [
        # 8 March 2026: clocks go from 2:00 to 3:00. A skipped time keeps the offset before the change.
        ("NY", "2026-03-08 01:59:59", "2026-03-08 06:59:59"),
        ("NY", "2026-03-08 02:30:00", "2026-03-08 07:30:00"),
        ("NY", "2026-03-08 03:00:00", "2026-03-08 07:00:00"),
        ("CA", "2026-03-08 02:00:00", "2026-03-08 10:00:00"),
        # 1 November 2026: clocks go from 2:00 to 1:00. Of two such times the first is meant.
        ("NY", "2026-11-01 00:59:59", "2026-11-01 04:59:59"),
        ("NY", "2026-11-01 01:30:00", "2026-11-01 05:30:00"),
        ("NY", "2026-11-01 02:00:00", "2026-11-01 07:00:00"),
        ("AK", "2026-11-01 01:00:00", "2026-11-01 09:00:00"),
        # Germany changes on other days.
        ("AE", "2026-03-29 02:30:00", "2026-03-29 01:30:00"),
        ("AE", "2026-10-25 02:30:00", "2026-10-25 00:30:00"),
    ],
)
def test_times_that_do_not_exist_or_exist_twice(state: str, local: str, utc: str) -> None:
    assert to_utc(datetime.fromisoformat(local), state) == datetime.fromisoformat(utc + "+00:00")


@pytest.mark.parametrize(
    ("state", "text", "county"),
    [
        ("LA", "Caddo", "Caddo"),
        ("LA", "CADDO PARISH", "Caddo"),
        ("LA", "Saint Landry", "St. Landry"),
        ("LA", "st landry parish", "St. Landry"),
        ("LA", "St.Landry", "St. Landry"),
        ("LA", "saint  john THE baptist", "St. John the Baptist"),
        ("MO", "Sainte Genevieve County", "Ste. Genevieve"),
        ("MO", "Ste Genevieve", "Ste. Genevieve"),
        ("MD", "saint mary's", "St. Mary's"),
        ("NV", "Carson City", "Carson City"),
        ("VA", "James City County", "James City"),
        ("VA", "CHARLES CITY COUNTY", "Charles City"),
        ("IA", "Iowa County", "Iowa"),
        ("IA", "Iowa City", None),  # in Johnson County
        ("TN", "Johnson City", None),  # in Washington County
        ("MO", "Jefferson City", None),  # in Cole County
        ("OK", "Oklahoma City", None),  # in four counties
        ("MD", "Baltimore City", None),  # beside Baltimore County
        ("AK", "Kenai Peninsula Borough", None),
        ("AK", "Juneau City and Borough", None),
        ("AK", "Nome Census Area", None),
        ("AK", "Anchorage Municipality", None),
        ("LA", "Caddo County Parish", None),
        ("LA", "Harris", None),  # of Texas
        ("LA", "County", None),
        ("LA", "Landry", None),
        ("PR", "Ponce", None),
    ],
)
def test_counties_are_matched_to_the_census_spelling(state: str, text: str, county: str | None) -> None:
    assert match_county(state, text) == county


def test_every_county_is_found_by_its_own_name_and_no_two_are_confused() -> None:
    assert all(match_county(state, name) == name for state, names in COUNTIES.items() for name in names)
    assert all(match_county(state, f"{name} County") == name for state, names in COUNTIES.items() for name in names)
