"""States, their clocks, and the names of counties."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from leads.geography import COUNTIES, INDEPENDENT_CITIES, STATES, match_county, to_utc
from leads.neighbours import neighbours


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
        ("NM", "DONA ANA", "Doña Ana"),
        ("NM", "Don\u0303a Ana County", "Doña Ana"),  # composed of two characters
        ("MD", "Prince George\u2019s", "Prince George's"),
        ("MD", "prince georges county", "Prince George's"),
        ("IA", "O`Brien", "O'Brien"),
        ("FL", "Miami Dade", "Miami-Dade"),
        ("FL", "Miami \u2013 Dade", "Miami-Dade"),
        ("FL", "De Soto", "DeSoto"),
        ("IL", "Dekalb", "DeKalb"),
        ("MO", "St. Genevieve", "Ste. Genevieve"),
        ("LA", "St.LandryParish", "St. Landry"),
        ("LA", "Cad\u200bdo\ufeff", "Caddo"),
        ("AK", "Kenai Peninsula Borough", "Kenai Peninsula"),
        ("AK", "Juneau City and Borough", "Juneau"),
        ("AK", "Nome Census Area", "Nome"),
        ("AK", "Anchorage Municipality", "Anchorage"),
        ("MD", "Baltimore City", "Baltimore"),  # one name on the list for the county and the city
        ("MD", "Baltimore County", "Baltimore"),
        ("MO", "St. Louis City", "St. Louis"),
        ("MO", "Saint Louis County", "St. Louis"),
        ("VA", "Fairfax city", "Fairfax"),
        ("VA", "Richmond City", "Richmond"),
        ("VA", "ROANOKE CITY", "Roanoke"),
        ("VA", "Franklin city", "Franklin"),
        ("VA", "Alexandria city", "Alexandria"),
        ("NV", "Carson", "Carson City"),
        ("CT", "Capitol", "Capitol"),
        ("CT", "Western Connecticut Planning Region", "Western Connecticut"),
        ("CT", "Hartford County", "Hartford"),
        ("VA", "Charles", None),  # Charles City is a county, and no city
        ("VA", "Bedford city", None),  # a town since 2013
        ("MN", "St. Louis City", None),  # of Missouri
        ("AK", "Juneau City", None),
        ("ME", "Waldoborough", None),  # in Lincoln County
        ("IA", "Iowa City", None),  # in Johnson County
        ("TN", "Johnson City", None),  # in Washington County
        ("MO", "Jefferson City", None),  # in Cole County
        ("OK", "Oklahoma City", None),  # in four counties
        ("LA", "Caddo County Parish", None),
        ("LA", "Harris", None),  # of Texas
        ("LA", "County", None),
        ("LA", "Landry", None),
        ("PR", "Ponce", None),
    ],
)
def test_counties_are_matched_to_the_census_spelling(state: str, text: str, county: str | None) -> None:
    assert match_county(state, text) == county


KINDS = ["County", "Parish", "Borough", "City and Borough", "Census Area", "Municipality"]
APOSTROPHES = ["", "\u2019", "\u2018", "`", "\u00b4", "\u02bc", "\u2032"]


def spellings(state: str, name: str) -> Iterator[str]:
    """Every way to write a county that csv-format allows, several at once among them."""
    kinds = KINDS + ["city"] * ((state, name) in INDEPENDENT_CITIES)
    bare = {name, name.replace("-", " "), name.replace(" ", "-"), name.replace(" ", "").replace("-", "")}
    bare |= {name.replace("'", mark) for mark in APOSTROPHES}
    bare |= {re.sub(r"^Ste?\. ", f"{saint} ", name) for saint in ("Saint", "St.", "St", "Ste.", "Ste")}
    bare |= {unicodedata.normalize(form, written) for written in bare for form in ("NFC", "NFD")}
    bare |= {re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", name))}
    for written in bare:
        for whole in (written, *(f"{written} {kind}" for kind in kinds)):
            yield from (whole, whole.upper(), whole.lower(), f"  {whole.replace(' ', '   ')} ")


def test_every_county_is_found_in_every_spelling_and_none_finds_another() -> None:
    for state, names in COUNTIES.items():
        for name in names:
            assert {match_county(state, written) for written in spellings(state, name)} == {name}


def test_the_list_has_the_cities_that_lie_in_no_county_and_both_kinds_of_places_in_connecticut() -> None:
    assert {state: sum(city[0] == state for city in INDEPENDENT_CITIES) for state in ("VA", "MD", "MO", "NV")} == {
        "VA": 38, "MD": 1, "MO": 1, "NV": 1,
    }  # fmt: skip
    assert len(INDEPENDENT_CITIES) == 41
    assert all(name in COUNTIES[state] for state, name in INDEPENDENT_CITIES)
    assert len(COUNTIES["CT"]) == 17
    assert sum(map(len, COUNTIES.values())) == 3145


def test_every_neighbour_is_on_the_list() -> None:
    places = {(state, name) for state, names in COUNTIES.items() for name in names}
    assert {other for state, name in places for other in neighbours(state, name)} <= places
    assert neighbours("CT", "Greater Bridgeport") == [
        ("CT", "Fairfield"),
        ("CT", "Naugatuck Valley"),
        ("CT", "South Central Connecticut"),
        ("CT", "Western Connecticut"),
    ]
    assert ("NY", "Westchester") in neighbours("CT", "Western Connecticut")
