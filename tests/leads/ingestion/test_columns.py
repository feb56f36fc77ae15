"""csv-format: the header row. Which names are the same, which columns must be there, what others may be meant for."""

import pytest

from leads.ingestion import IngestRefused, fields_named
from leads.ingestion.columns import COLUMNS, EXPECTED, Header
from tests.leads.ingestion.csv_files import HEADER, row


def header(**names: str | None) -> list[str]:
    """The usual header row with other names for some fields; None leaves a column out."""
    return [new for field, name in COLUMNS.items() if (new := names.get(field, name)) is not None]


def refusal(names: list[str], may_lack: frozenset[str] = frozenset()) -> str:
    with pytest.raises(IngestRefused) as refused:
        Header(tuple(names), may_lack)
    return refused.value.message


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("mortgage_id", "Mortgage ID"),
        ("mortgage_id", "MORTAGE_ID"),
        ("mortgage_id", "\ufeff\ufeffMortage ID"),
        ("borrower_phone", "Borrower\N{NO-BREAK SPACE}Phone"),
        ("borrower_phone", "Borrower  Pho\u200bne\u00ad"),
        ("co_borrower", "Co-Borrower?"),
        ("co_borrower", "coborrower"),
        ("co_borrower", "Co–Borrower ?"),
        ("source", ' "source" '),
        ("source", "Source:"),
        ("call_in_date", "CALL-IN DATE"),
        ("zip", "Zip\r"),
    ],
)
def test_names_are_the_same_but_for_case_blanks_invisible_characters_and_punctuation(field: str, name: str) -> None:
    found = Header(tuple(header(**{field: name})))
    assert found.positions == {field: place for place, field in enumerate(COLUMNS)}
    assert (found.unknown, found.missing) == ((), ())


def test_letters_and_digits_make_a_difference() -> None:
    assert Header((*HEADER, "Zip 4", "Source 2", "Städte")).unknown == ("Zip 4", "Source 2", "Städte")


def test_no_two_listed_columns_have_names_that_are_the_same() -> None:
    assert len(Header(tuple(HEADER)).positions) == len(COLUMNS)


@pytest.mark.parametrize("again", ["STATE", "\ufeffState", "State.", "S t a t e"])
def test_two_names_for_one_column_are_refused(again: str) -> None:
    assert refusal([*HEADER, again]) == (
        f'The header names the column "State" twice (columns {HEADER.index("State") + 1} and 26). Remove one of them.'
    )


@pytest.mark.parametrize("field", EXPECTED)
def test_a_file_without_the_mortgage_id_or_a_qualification_column_is_refused(field: str) -> None:
    said = refusal(header(**{field: None}))
    assert said.startswith(f'The file has no column "{COLUMNS[field]}". ')
    assert f'--allow-missing "{COLUMNS[field]}"' in said
    assert Header(tuple(header(**{field: None})), frozenset({field})).missing == (COLUMNS[field],)


def test_every_column_that_is_missing_is_named_at_once() -> None:
    said = refusal(header(source=None, borrower_age=None, city=None))
    assert said.startswith('The file has no columns "Source" and "Borrower Age". ')
    assert said.endswith('load it with --allow-missing "Source" --allow-missing "Borrower Age".')
    assert refusal(header(source=None, borrower_age=None), frozenset({"source"})).startswith(
        'The file has no column "Borrower Age". '
    )


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("borrower_phone", "Borrower Phone No"),
        ("borrower_phone", "Phone (borrower)"),
        ("borrower_phone", "Borower Phone"),
        ("borrower_age", "Age"),
        ("source", "Lead Source"),
        ("mortgage_id", "Mortgage Number"),
        ("mortgage_id", "Mortgage #ID2"),
        ("co_borrower", "Co Borrower Y/N"),
        ("borrower_tobacco_use", "Tobacco Use"),
        ("call_in_date", "Call In Time"),
        ("state", "Lead State"),
    ],
)
def test_near_misses_are_named(field: str, name: str) -> None:
    assert f'"{name}" may be meant for "{COLUMNS[field]}".' in refusal([*header(**{field: name}), "Mood"])


def test_what_is_nothing_like_it_is_not_named() -> None:
    assert "Mood" not in refusal([*header(source=None), "Mood"])
    assert "may be meant" not in refusal([*header(source=None), "Mood"])


def test_a_row_that_is_no_header_is_not_repeated() -> None:
    """Not even where some of its cells are like a column's name."""
    cells = row(lender="State Bank of Secretname", last_name="Stat", address="1 Source Rd", status="Type")
    said = refusal(cells)
    assert said == (
        'The first row has no columns "State" and "Call In Date". '
        "It must be the header row, with the call center's column names."
    )


def test_listed_columns_that_are_missing_and_others_that_are_there_are_told() -> None:
    found = Header((*header(city=None, agent_id=None), "Mood", "", "\u200b", "#", "x" * 500))
    assert found.missing == ("City", "Agent ID")
    assert found.unknown == (
        "Mood", "(column 25, without a name)", "(column 26, without a name)", "#", "x" * 100 + "…",
    )  # fmt: skip


def test_the_columns_that_may_be_missing_are_named_as_in_a_header() -> None:
    assert fields_named(["source", "CO-BORROWER", "Mortgage ID", "City"]) == {
        "source", "co_borrower", "mortgage_id", "city",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Borrower Phone No",
            '--allow-missing: there is no column "Borrower Phone No". Did you mean "Borrower Phone"?',
        ),
        ("State", '--allow-missing: the column "State" cannot be missing: every row needs it.'),
    ],
)
def test_a_column_that_is_none_or_is_always_needed_cannot_be_allowed_to_be_missing(name: str, said: str) -> None:
    with pytest.raises(IngestRefused) as refused:
        fields_named([name])
    assert refused.value.message == said


def test_a_name_like_no_column_is_answered_with_those_that_it_can_be() -> None:
    with pytest.raises(IngestRefused, match=r'"Mood"\. It can be "Mortage ID", "Source", .* or "Borrower Phone"\.'):
        fields_named(["Mood"])
