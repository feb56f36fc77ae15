"""A call-center CSV of people who do not exist, for the demo.

Lead n is always the same person in the same place; only the dates follow the day. Its mortgage id is n, so no two leads
are one inquiry. Some leads are of the person of an earlier one. CAMPAIGN marks the demo's leads. Phone exchanges begin
with 1, as no real one does.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import BinaryIO, cast

from leads.age import AgeBucket
from leads.geography import COUNTIES, STATES

CAMPAIGN = "DEMO-"

HEADER = [
    "Mortage ID",
    "Campaign ID",
    "Type",
    "Call In Date",
    "Status",
    "Full Name",
    "First Name",
    "Last Name",
    "Co-Borrower Name",
    "Address",
    "City",
    "County",
    "State",
    "Zip",
    "Mortgage Amount",
    "Lender",
    "Sale Date",
    "Agent ID",
    "Call In Phone Number",
    "Borrower Age",
    "Borrower Medical Issues",
    "Borrower Tobacco Use",
    "Co-Borrower ?",
    "Borrower Phone",
    "Source",
]

CALLS_AGAIN = 40
"""One lead in about twice as many is of a person who called before."""

GOLD_SHARE = 0.4
OLDEST_DAYS = 1_100

_FEW = 20_000
"""People in a county without an estimate: in the territories, and Connecticut's old counties."""

# States by number of leads; the others follow by name.
_LARGE_STATES = "TX FL CA GA NC OH PA TN IL AL MI LA NY SC VA MO IN AZ KY MS".split()  # noqa: SIM905 - easier to read
_SHARES: dict[AgeBucket | None, float] = {
    None: 0.08,  # too young for any bucket
    AgeBucket.MONTH_3_TO_5: 0.22,
    AgeBucket.MONTH_6_TO_8: 0.20,
    AgeBucket.MONTH_9_TO_11: 0.17,
    AgeBucket.MONTH_12_TO_23: 0.20,
    AgeBucket.MONTH_24_PLUS: 0.13,
}

_FIRST_NAMES = [
    "Alice",
    "Amos",
    "Beatrice",
    "Calvin",
    "Clara",
    "Curtis",
    "Delia",
    "Desmond",
    "Edna",
    "Elias",
    "Esther",
    "Felix",
    "Flora",
    "Gideon",
    "Gloria",
    "Harold",
    "Hazel",
    "Irving",
    "Ivy",
    "Jasper",
    "Josephine",
    "Julian",
    "Leona",
    "Lionel",
    "Lucille",
    "Marcus",
    "Marian",
    "Miriam",
    "Nathaniel",
    "Nora",
    "Oscar",
    "Pearl",
    "Percy",
    "Ramona",
    "Raymond",
    "Ruth",
    "Samuel",
    "Sylvia",
    "Theodore",
    "Thelma",
    "Vernon",
    "Viola",
    "Walter",
    "Wilma",
    "Winston",
    "Zelda",
    "José",
    "Renée",
    "Chloë",
]
_LAST_NAMES = [
    "Applegate",
    "Barlow",
    "Birdsong",
    "Blackwood",
    "Brightwater",
    "Caldwell",
    "Carver",
    "Clearfield",
    "Crane",
    "Dunmore",
    "Eastman",
    "Fairbanks",
    "Fletcher",
    "Goodwin",
    "Greenlee",
    "Hartwell",
    "Hawthorne",
    "Holloway",
    "Ironside",
    "Kingsley",
    "Lakewood",
    "Larkin",
    "Lockhart",
    "Longacre",
    "Merriweather",
    "Millbrook",
    "Northcott",
    "Oakes",
    "Pemberton",
    "Penrose",
    "Quigley",
    "Ridgeway",
    "Rosewood",
    "Sandoval",
    "Shepherd",
    "Silverman",
    "Stillwater",
    "Summers",
    "Thornton",
    "Underhill",
    "Vance",
    "Wainwright",
    "Weatherby",
    "Whitfield",
    "Winslow",
    "Woodruff",
    "Yates",
    "Muñoz",
    "O’Hara",
]
_STREETS = "Alder Aspen Beech Birch Cherry Chestnut Dogwood Hickory Juniper Laurel Linden Maple Poplar Spruce".split()  # noqa: SIM905
_STREET_KINDS = ("Ave", "Blvd", "Ct", "Dr", "Ln", "Pl", "Rd", "St", "Way")
_TOWNS = "Brook Cedar Clear Fair Glen Green Hill Lake Maple Mill Oak Pine River Rose Spring Stone Sunny West".split()  # noqa: SIM905
_TOWN_ENDS = ("dale", "field", "ford", "haven", "mont", "port", "ton", "view", "ville", "wood")
_LENDERS = ("Example Home Loans", "First Sample Bank", "Fictional Federal CU", "Model Mortgage LLC", "Specimen Savings")
_UNKNOWN = ("", "", "undefined", "N/A")  # as call centers write it


class _Place:
    """Picks (state, county). A few states hold most leads, and in each the counties where most people live."""

    def __init__(self) -> None:
        states = [*_LARGE_STATES, *(code for code in STATES if code in COUNTIES and code not in _LARGE_STATES)]
        people = _people()
        self._places = []
        weights = []
        for rank, state in enumerate(states, 1):
            sizes = [people.get((state, county), _FEW) ** 1.4 for county in COUNTIES[state]]
            for county, size in zip(COUNTIES[state], sizes, strict=True):
                self._places.append((state, county))
                weights.append((0.92 * size / sum(sizes) + 0.08 / len(sizes)) / rank)  # some anywhere
        self._cumulative = list(accumulate(weights))

    def pick(self, random: Random) -> tuple[str, str]:
        return random.choices(self._places, cum_weights=self._cumulative)[0]


def _people() -> dict[tuple[str, str], int]:
    """How many live in each county: the Census Bureau's estimates for 2023 (co-est2023-alldata.csv)."""
    with (Path(__file__).parent / "people.csv").open(newline="", encoding="utf-8") as rows:
        return {(row["state"], row["county"]): int(row["people"]) for row in csv.DictReader(rows)}


def fictional_csv(numbers: range, *, today: date, on_row: Callable[[], None] = lambda: None) -> BinaryIO:
    """Returns the CSV as a stream made while it is read.

    `today` is the UTC day; no inquiry is in the future in any state. Calls `on_row` per lead.
    """
    return cast("BinaryIO", io.BufferedReader(_Stream(_lines(numbers, today, on_row))))


def _lines(numbers: range, today: date, on_row: Callable[[], None]) -> Iterator[bytes]:
    place = _Place()
    yield _line(HEADER)
    for number in numbers:
        yield _line(_lead(number, place, today))
        on_row()


def _line(cells: Sequence[str]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _lead(number: int, place: _Place, today: date) -> list[str]:
    person = _person(number)
    random = Random(person)  # noqa: S311 - the same person every time
    state, county = place.pick(random)
    called = _called(random, today)
    if person != number:
        called = _called(Random(number), today)  # noqa: S311
    first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
    town = Random(f"{state} {county} {random.randrange(3)}")  # noqa: S311 - a county has three towns
    closed = called - timedelta(days=random.randrange(20, 120))
    phone = _phone(person)
    gold = random.random() < GOLD_SHARE
    answers = [str(random.randrange(24, 79)), *(random.choice(("Yes", "No")) for _ in range(3)), phone]
    if not gold:
        for lost in random.sample(range(5), random.randint(1, 5)):
            answers[lost] = random.choice(_UNKNOWN)
    return [
        f"{number:08d}",
        f"{CAMPAIGN}{called:%m%d%y}",
        "NEW MTG",
        f"{called:%m-%d-%Y %H:%M:%S}",
        "NEW",
        f"{first} {last}",
        first,
        last,
        f"{random.choice(_FIRST_NAMES)} {last}" if random.random() < 0.5 else "",
        f"{random.randrange(1, 9999)} {random.choice(_STREETS)} {random.choice(_STREET_KINDS)}",
        town.choice(_TOWNS) + town.choice(_TOWN_ENDS),
        county,
        state,
        f"{random.randrange(10_000, 99_999)}",
        f"${random.randrange(80, 700) * 1000:,}",
        random.choice(_LENDERS),
        f"{closed.month}/{closed.day}/{closed.year}",
        f"{random.randrange(100, 140)}",
        phone,
        *answers,
        random.choice(("CALL", "WEB", "IVR")),
    ]


def _person(number: int) -> int:
    """The lead with whose person the number begins: mostly itself, and half its number for who called before."""
    calls_again = number % CALLS_AGAIN == CALLS_AGAIN - 1
    before = number // 2
    return before if calls_again and before % CALLS_AGAIN != CALLS_AGAIN - 1 else number


def _called(random: Random, today: date) -> datetime:
    return datetime.combine(today - timedelta(days=_age(random)), _office_hours(random))


def _phone(number: int) -> str:
    """Distinct for the first 599 million leads. Area codes 201 to 799: from 800 on they may be toll-free."""
    area, line = divmod(number * 7_919 % 599_000_000, 1_000_000)
    return f"{201 + area}1{line:06d}"


def _age(random: Random) -> int:
    """Returns the days since the inquiry, by _SHARES."""
    bucket = random.choices(list(_SHARES), weights=_SHARES.values())[0]  # type: ignore[arg-type]
    first = bucket.first_day if bucket else 2  # just after midnight UTC, yesterday evening in Hawaii is still ahead
    following = bucket.next if bucket else AgeBucket.MONTH_3_TO_5
    return random.randrange(first, following.first_day if following else OLDEST_DAYS)


def _office_hours(random: Random) -> time:
    return time(random.randrange(8, 20), random.randrange(60), random.randrange(60))


class _Stream(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._rest or next(self._pieces, b"")
        taken = min(len(piece), len(buffer))
        buffer[:taken] = piece[:taken]
        self._rest = piece[taken:]
        return taken
