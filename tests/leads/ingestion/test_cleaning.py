"""csv-format: what becomes of a row's cells, every reason to refuse one, and which rows are the same inquiry."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from leads.classification import QUALIFICATION_FIELDS, Classification
from leads.ingestion import cleaning
from leads.ingestion.cleaning import COPY_COLUMNS, Cleaner, NewLead, RowRefused
from leads.ingestion.columns import COLUMNS, EXPECTED, FIELDS, Header
from leads.models import Lead
from tests.leads.ingestion.csv_files import HEADER, row

AS_OF = datetime(2026, 6, 1, 12, tzinfo=UTC)


def clean(cells: list[str], header: list[str] = HEADER, as_of: datetime = AS_OF) -> NewLead:
    return Cleaner(Header(tuple(header), may_lack=frozenset(EXPECTED)), as_of=as_of).clean(cells)


def loaded(lead: NewLead) -> dict[str, str | None]:
    """The lead's row as COPY understands it: the value of each column."""
    cells = re.findall(r"(?:\||^)((?:\\.|[^|\\])*)", lead.row)
    whole = [re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), cell) for cell in cells]
    return dict(zip(COPY_COLUMNS, (cell or None for cell in whole), strict=True))


def refusal(**cells: str) -> tuple[str, ...]:
    with pytest.raises(RowRefused) as refused:
        clean(row(**cells))
    return refused.value.args


def key(**cells: str) -> str:
    return clean(row(**cells)).natural_key


def test_a_new_lead_fills_every_column_of_the_table_but_what_its_load_knows() -> None:
    assert {*COPY_COLUMNS, "load_id", "ingested_at_utc", "erased_at_utc"} == {
        field.column for field in Lead._meta.fields
    }
    assert set(COPY_COLUMNS) > set(FIELDS)


def test_every_cell_is_kept_as_it_came() -> None:
    lead = clean(row())
    values = loaded(lead)
    assert [values[field] for field in COLUMNS] == row()
    assert values["mortgage_id"] == "00041"
    assert (lead.classification, values["classification"]) == (Classification.GOLD, "Gold")
    assert lead.created_at_utc == datetime(2026, 1, 15, 18, tzinfo=UTC)
    assert values["created_at_utc"] == "2026-01-15T18:00:00+00:00"
    assert (values["id"], values["natural_key"]) == (lead.id, lead.natural_key)


def test_texts_are_trimmed_and_blanks_are_absent() -> None:
    tidy = loaded(clean(row(city="", lender="")))
    for blank in (" ", " \t", "\N{NO-BREAK SPACE}", "\n"):
        for before, after in ((blank, ""), ("", blank)):
            untidy = [f"{before}{cell}{after}" for cell in row(city="", lender=" ")]
            assert loaded(clean(untidy)) | {"id": tidy["id"]} == tidy
    assert (tidy["city"], tidy["lender"]) == (None, None)


@pytest.mark.parametrize("field", ["mortgage_id", "lender", "agent_id", "borrower_phone", "source"])
@pytest.mark.parametrize("text", ["a|b", "|", "a\\b", "\\", "\\N", "a\nb", "a\r\nb", "a\tb", "a  b", "José 🏠"])
def test_a_text_with_what_copy_minds_is_kept_whole(field: str, text: str) -> None:
    lead = clean(row(**{field: text}))
    own = {"id": lead.id, "natural_key": lead.natural_key, "phone_key": lead.phone_key or None, field: text}
    assert loaded(lead) == loaded(clean(row())) | own


def test_one_untidy_cell_leaves_the_others_alone() -> None:
    values = loaded(clean(row(first_name=" Ada", address="1 Oak|2 Elm", county="No\\where |")))
    assert [values[name] for name in ("first_name", "address", "county")] == ["Ada", "1 Oak|2 Elm", "No\\where |"]


@pytest.mark.parametrize("field", QUALIFICATION_FIELDS)
@pytest.mark.parametrize("written", [" N/A ", "#REF!", "#div/0!", "\u200b", "\ufeffUndefined"])
def test_a_placeholder_is_absent_in_the_qualification_columns(field: str, written: str) -> None:
    lead = clean(row(**{field: written}))
    assert loaded(lead)[field] is None
    assert lead.classification is Classification.SILVER


def test_elsewhere_a_placeholder_is_data() -> None:
    lead = clean(row(last_name="Null", first_name="Na", city="None", mortgage_id="-"))
    values = loaded(lead)
    assert [values[name] for name in ("last_name", "first_name", "city", "mortgage_id")] == ["Null", "Na", "None", "-"]
    assert lead.classification is Classification.GOLD


def test_columns_that_the_file_lacks_are_absent() -> None:
    lead = clean(["la", "01-15-2026 12:00:00"], ["State", "Call In Date"])
    values = loaded(lead)
    assert (values["state"], values["call_in_date"]) == ("LA", "01-15-2026 12:00:00")
    assert {values[field] for field in FIELDS if field not in ("state", "call_in_date")} == {None}
    assert lead.classification is Classification.SILVER


def test_the_state_is_stored_in_capitals() -> None:
    assert loaded(clean(row(state=" la ")))["state"] == clean(row(state=" la ")).place.state == "LA"


def test_a_county_is_stored_as_the_census_writes_it_or_else_as_it_came() -> None:
    for written, stored, is_on_the_list in [
        ("saint landry PARISH", "St. Landry", True),
        (" Nowhere County ", "Nowhere County", False),
        ("", None, True),
    ]:
        lead = clean(row(county=written))
        assert loaded(lead)["county"] == lead.place.county == stored
        assert lead.place.is_on_the_list is is_on_the_list


@pytest.mark.parametrize(
    "written", ["New  Orleans", "New\r\nOrleans", " New \N{NO-BREAK SPACE}\t Orleans\n", "New\nOrleans"]
)
def test_city_and_county_are_on_one_line_with_single_blanks(written: str) -> None:
    lead = clean(row(city=written, county=written, address=f"1 Oak\n{written}"))
    values = loaded(lead)
    assert (values["city"], values["county"], lead.place.county) == ("New Orleans", "New Orleans", "New Orleans")
    assert values["address"] == f"1 Oak\n{written}".strip()
    assert loaded(clean(row(county="St.\n Landry \n Parish")))["county"] == "St. Landry"


LIMITS = {name: 100 if name in ("city", "county", "zip") else 1000 for name in FIELDS}


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"state", "call_in_date"}))
def test_a_text_has_a_greatest_length(field: str) -> None:
    longest = "é" * LIMITS[field]
    assert loaded(clean(row(**{field: f"{longest}  \n"})))[field] == longest
    assert refusal(**{field: longest + "é"}) == (f"{COLUMNS[field]} is longer than {LIMITS[field]:,} characters",)


def test_everything_that_is_too_long_is_told_beside_all_other_reasons() -> None:
    assert refusal(state="X" * 5000, city="x" * 101, source="y" * 1001) == (
        "State is not a US state, district, territory or military code",
        "City is longer than 100 characters",
        "Source is longer than 1,000 characters",
    )
    assert refusal(county="x" * 101, call_in_date="1" * 1001) == (
        "Call In Date is not a time in the format MM-DD-YYYY HH:MM:SS",
        "Call In Date is longer than 1,000 characters",
        "County is longer than 100 characters",
    )


def test_blanks_do_not_make_a_text_too_long() -> None:
    padded = [f"{cell:<1500}" for cell in row()]
    assert loaded(clean(padded)) | {"id": ""} == loaded(clean(row())) | {"id": ""}


def test_long_answers_are_not_remembered() -> None:
    before = len(cleaning._ANSWER)
    for number in range(50):
        clean(row(source=f"{number:0990}"))
    assert len(cleaning._ANSWER) <= before + 5  # the short ones of GOLD


NO_STATE = "State is not a US state, district, territory or military code"
NO_TIME = "Call In Date is not a time in the format MM-DD-YYYY HH:MM:SS"


@pytest.mark.parametrize(
    ("cells", "reasons"),
    [
        ({"state": " "}, ("State is missing",)),
        ({"state": "XX"}, (NO_STATE,)),
        ({"state": "Louisiana"}, (NO_STATE,)),
        ({"state": "n/a"}, (NO_STATE,)),
        ({"call_in_date": ""}, ("Call In Date is missing",)),
        ({"call_in_date": "02-30-2026 08:00:00"}, (NO_TIME,)),
        ({"call_in_date": "01-01-2099 00:00:00"}, ("Call In Date lies in the future",)),
        ({"state": "", "call_in_date": ""}, ("State is missing", "Call In Date is missing")),
        ({"state": "L", "call_in_date": "soon"}, (NO_STATE, NO_TIME)),
        ({"call_in_date": "01-15-0026 12:00:00"}, ("Call In Date lies before 1900",)),
        ({"call_in_date": "12-31-1899 23:59:59"}, ("Call In Date lies before 1900",)),
        ({"state": "AP", "call_in_date": "01-01-0001 00:00:00"}, ("Call In Date lies before 1900",)),
    ],
)
def test_every_reason_to_refuse_a_row_is_told_at_once(cells: dict[str, str], reasons: tuple[str, ...]) -> None:
    assert refusal(**cells) == reasons


def test_the_year_1900_begins_on_the_clocks_of_the_state() -> None:
    assert clean(row(state="GU", call_in_date="01-01-1900 00:00:00")).created_at_utc.year == 1899


def test_an_inquiry_at_this_very_second_loads_and_one_a_second_later_lies_in_the_future() -> None:
    called = datetime(2026, 1, 15, 18, tzinfo=UTC)
    assert clean(row(), as_of=called).created_at_utc == called
    with pytest.raises(RowRefused, match="future"):
        clean(row(), as_of=called - timedelta(seconds=1))


def test_the_future_begins_on_the_clocks_of_the_state() -> None:
    """Noon at AS_OF is 7:00 in Louisiana and 2:00 in Hawaii."""
    assert refusal(state="HI", county="", call_in_date="06-01-2026 07:00:00") == ("Call In Date lies in the future",)
    assert clean(row(state="LA", call_in_date="06-01-2026 07:00:00")).created_at_utc == AS_OF


def test_the_same_inquiry_has_one_mortgage_id_state_and_call_in_time() -> None:
    assert key(first_name="Eve", source="", county="Bossier", state="la") == key()
    assert key(mortgage_id="41") != key()
    assert key(state="TX") != key()
    assert key(call_in_date="01-15-2026 12:00:01") != key()


def test_without_a_mortgage_id_all_cells_must_be_the_same() -> None:
    absent = key(mortgage_id="  ")
    assert key(mortgage_id="", borrower_age=" 51 ", county="CADDO parish") == absent
    assert key(mortgage_id="", source="undefined") == key(mortgage_id="", source="")
    for field in set(FIELDS) - {"mortgage_id", "state", "call_in_date"}:
        assert key(mortgage_id="", **{field: "another"}) != absent


@pytest.mark.parametrize("written", ["N/A", "#REF!", "undefined", "-", "\u200b"])
def test_a_placeholder_is_no_mortgage_id(written: str) -> None:
    assert key(mortgage_id=written) == key(mortgage_id="")
    assert key(mortgage_id=written, first_name="Eve") != key(mortgage_id=written)


def test_cells_do_not_run_into_one_another() -> None:
    assert key(mortgage_id="", first_name="Ada F", last_name="") != key(mortgage_id="", first_name="Ada", last_name="F")
