"""Contract, "Lead": Gold and Silver."""

import pytest

from leads.classification import QUALIFICATION_FIELDS, Classification, classify, present

COMPLETE: dict[str, str | None] = {
    "source": "CALL",
    "borrower_age": "51",
    "borrower_medical_issues": "No",
    "borrower_tobacco_use": "Yes",
    "co_borrower": "No",
    "borrower_phone": "3181000101",
}


def test_the_criteria_are_the_six_fields_of_the_contract() -> None:
    assert set(QUALIFICATION_FIELDS) == set(COMPLETE)


def test_a_lead_with_all_six_fields_is_gold() -> None:
    assert classify(COMPLETE) is Classification.GOLD


@pytest.mark.parametrize("field", QUALIFICATION_FIELDS)
@pytest.mark.parametrize("value", [None, "", "  ", "undefined", "n/a"])
def test_a_lead_that_lacks_any_of_them_is_silver(field: str, value: str | None) -> None:
    assert classify({**COMPLETE, field: value}) is Classification.SILVER


def test_a_lead_that_cannot_be_evaluated_is_silver() -> None:
    assert classify({}) is Classification.SILVER


@pytest.mark.parametrize(
    "text",
    [
        *("undefined", "null", "none", "n/a", "na", "nan", "-"),
        *("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"),
    ],
)
def test_placeholders_say_nothing_in_any_case_and_between_blanks(text: str) -> None:
    for written in (text, text.upper(), text.lower(), text.title(), f"  {text}\t", f"\ufeff{text}\u200b"):
        assert not present(written)


@pytest.mark.parametrize("text", ["\u200b", "\ufeff", "\u00ad", "\u2060 \u00a0", "\u3164", "\u2800", "\x01", "\r\n"])
def test_a_cell_of_invisible_characters_says_nothing(text: str) -> None:
    assert not present(text)


@pytest.mark.parametrize("text", ["No", "no", "0", "--", "n/a?", "Nanny", "None of them", "#1", "REF", "N\u200bo"])
def test_no_is_an_answer_and_so_is_what_only_resembles_a_placeholder(text: str) -> None:
    assert present(text)
