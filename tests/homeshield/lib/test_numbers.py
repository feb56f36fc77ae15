"""What is a number, and what is none: for people, for commands and in forms."""

from argparse import ArgumentTypeError
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError

from homeshield.lib.money import MoneyField
from homeshield.lib.number_fields import DecimalNumberField, DollarsField, WholeNumberField
from homeshield.lib.numbers import (
    REASONS,
    Fault,
    NotANumber,
    decimal_number,
    read_digits,
    read_number,
    read_whole,
    whole_number,
)

NUMBERS = [
    ("0", "0"),
    ("8", "8"),
    ("8.5", "8.5"),
    ("8.50", "8.50"),
    (".5", "0.5"),
    ("8.", "8"),
    ("007", "7"),
    (" 8.50\t", "8.50"),
    ("1,250", "1250"),
    ("1,250.50", "1250.50"),
    ("12,345,678", "12345678"),
]

NONE = [
    *((text, Fault.INVALID) for text in ("", " ", ".", ",", "ten", "8 50", "8..5", "8.5.0", "1e1", "8_50", "0x10")),
    *(
        (text, Fault.INVALID)
        for text in ("٨", "８", "8．5", "²", "½", "NaN", "sNaN", "Infinity", "inf", "8%", "$8", "8\0")
    ),
    *((text, Fault.SIGN) for text in ("-1", "+1", "- 1", "−1", "-1,000.50")),
    *((text, Fault.COMMAS) for text in ("8,50", "1,00,000", "12,34", ",500", "1,,000", "1234,567", "1.000,5", "5,")),
    ("1" * 41, Fault.TOO_LONG),
    ("9" * 100_000, Fault.TOO_LONG),
]


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_numbers_are_read_as_people_write_them(text: str, number: str) -> None:
    assert read_number(text) == Decimal(number)
    assert DecimalNumberField().clean(text) == Decimal(number)
    assert decimal_number(Decimal(0), Decimal(10**9))(text) == Decimal(number)


@pytest.mark.parametrize(("text", "fault"), NONE)
def test_what_is_no_number_is_refused_with_its_reason(text: str, fault: Fault) -> None:
    with pytest.raises(NotANumber) as refusal:
        read_number(text)
    assert (refusal.value.fault, str(refusal.value)) == (fault, REASONS[fault])


@pytest.mark.parametrize("text", [text for text, _ in NONE if text.strip()])
def test_no_form_and_no_command_takes_what_is_no_number(text: str) -> None:
    for field in (WholeNumberField(), DecimalNumberField()):
        with pytest.raises(ValidationError) as refusal:
            field.clean(text)
        assert refusal.value.messages[0] in REASONS.values()
    for parse in (whole_number(0, 10**9), decimal_number(Decimal(0), Decimal(10**9))):
        with pytest.raises(ArgumentTypeError, match="is not a"):
            parse(text)
    with pytest.raises(NotANumber):
        read_digits(text)


def test_a_whole_number_may_have_decimals_that_are_nothing() -> None:
    assert [read_whole(text) for text in ("25", "25.0", "25.", "1,000")] == [25, 25, 25, 1000]
    for text in ("2.5", "0.001", "ten"):
        with pytest.raises(NotANumber, match="Write a whole number"):
            read_whole(text)


def test_programs_write_digits_alone() -> None:
    assert read_digits("0010") == 10
    for text in ("1,000", "10.0", " 10"):
        with pytest.raises(NotANumber):
            read_digits(text)


def test_a_command_says_between_which_numbers() -> None:
    port = whole_number(1, 65_535)
    assert [port("1"), port("65,535")] == [1, 65_535]
    for text in ("0", "65536"):
        with pytest.raises(ArgumentTypeError, match="is not a whole number from 1 to 65,535"):
            port(text)
    seconds = decimal_number(Decimal("0.1"), Decimal(3600))
    assert [seconds(".1"), seconds("3,600")] == [Decimal("0.1"), Decimal(3600)]
    for text in ("0.09", "3600.1"):
        with pytest.raises(ArgumentTypeError, match=r"is not a number from 0\.1 to 3,600"):
            seconds(text)


def test_an_empty_field_is_missing_or_nothing() -> None:
    for field in (WholeNumberField, DecimalNumberField, DollarsField):
        for text in ("", "  ", None):
            assert field(required=False).clean(text) is None
            with pytest.raises(ValidationError, match=r"This field is required\."):
                field().clean(text)


def test_an_amount_may_have_its_dollar_sign_before_it() -> None:
    field = DollarsField(max_digits=12, decimal_places=2)
    for text in ("8.50", "$8.50", " $ 8.50 "):
        assert field.clean(text) == Decimal("8.50")
    for text in ("$", "$$8", "8.50$", "€8", "-$8", "$8,50"):
        with pytest.raises(ValidationError):
            field.clean(text)


def test_money_in_a_form_is_such_an_amount() -> None:
    field = MoneyField().formfield()
    assert isinstance(field, DollarsField)
    with pytest.raises(ValidationError):
        field.clean("8_50")


class Typed(forms.Form):
    quantity = WholeNumberField(min_value=1, max_value=1000)


def test_what_was_typed_is_kept_beside_what_is_wrong_with_it() -> None:
    form = Typed({"quantity": "2_5"})
    assert form.errors == {"quantity": ["Write a whole number, such as 25."]}
    assert 'type="text"' in str(form["quantity"])
    assert 'inputmode="numeric"' in str(form["quantity"])
    assert 'value="2_5"' in str(form["quantity"])
