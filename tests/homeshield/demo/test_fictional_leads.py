"""The demo's people: nobody real, in every state and bucket, recognisable, and never from the future."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime

from homeshield.demo.fictional_leads import CAMPAIGN, fictional_csv
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import COUNTIES
from leads.ingestion.cleaning import Cleaner, NewLead
from leads.ingestion.columns import Header

TODAY = date(2026, 6, 1)


def rows(numbers: range, today: date = TODAY) -> list[dict[str, str]]:
    return list(csv.DictReader(io.TextIOWrapper(fictional_csv(numbers, today=today), encoding="utf-8", newline="")))


def as_leads(found: list[dict[str, str]], as_of: datetime) -> list[NewLead]:
    cleaner = Cleaner(Header(tuple(found[0])), as_of=as_of)
    return [cleaner.clean(list(row.values())) for row in found]


def test_every_lead_loads_even_at_the_first_moment_of_the_day() -> None:
    midnight = datetime(2026, 6, 1, tzinfo=UTC)

    assert len(as_leads(rows(range(3000)), midnight)) == 3000


def test_they_fill_every_state_and_bucket_and_the_time_before_the_first() -> None:
    as_of = datetime(2026, 6, 1, 12, tzinfo=UTC)
    leads = as_leads(rows(range(20_000)), as_of)

    cells = Counter((lead.place.state, AgeBucket.at(lead.created_at_utc, as_of)) for lead in leads)

    assert set(cells) == {(state, bucket) for state in COUNTIES for bucket in (None, *AgeBucket)}
    gold = sum(lead.classification is Classification.GOLD for lead in leads)
    assert 0.38 < gold / len(leads) < 0.42
    largest = Counter(lead.place.state for lead in leads).most_common(5)
    assert sum(count for _, count in largest) > len(leads) / 3


def test_most_lie_where_most_people_live() -> None:
    found = [(row["State"], row["County"]) for row in rows(range(20_000))]
    counties = Counter(found)
    assert counties.most_common(2) == [(("TX", "Harris"), 1224), (("CA", "Los Angeles"), 583)]
    assert counties["TX", "Hardeman"] < 5
    assert len(counties) > 1_900


def test_they_are_fictional_and_known_by_their_campaign() -> None:
    for row in rows(range(500)):
        assert row["Campaign ID"].startswith(CAMPAIGN)
        assert row["Call In Phone Number"][3] == "1"
        assert row["Borrower Phone"] in {row["Call In Phone Number"], "", "undefined", "N/A"}
        assert row["County"] in COUNTIES[row["State"]]


def test_some_call_twice_and_nobody_more_often() -> None:
    calls = Counter((row["Call In Phone Number"], row["Full Name"], row["Address"]) for row in rows(range(2000)))
    assert Counter(calls.values()) == {1: 1950, 2: 25}


def test_a_number_is_the_same_person_on_every_day_and_in_every_batch() -> None:
    dated = {"Campaign ID", "Call In Date", "Sale Date"}

    def undated(row: dict[str, str]) -> dict[str, str]:
        return {name: cell for name, cell in row.items() if name not in dated}

    first, later = rows(range(50)), rows(range(30, 50), date(2027, 1, 15))
    assert [undated(row) for row in first[30:]] == [undated(row) for row in later]
    assert len({row["Mortage ID"] for row in first}) == 50
    assert first[30]["Call In Date"] != later[0]["Call In Date"]
