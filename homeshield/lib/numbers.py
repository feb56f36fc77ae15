"""Numbers as people write them: one rule for pages, the admin, commands, files and settings.

Digits, at most one decimal point, correct thousands commas, blanks around. No sign (nothing here is negative),
exponent, underscore or foreign digits, all of which `int` and `Decimal` accept.
"""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

LONGEST = 40
"""Characters. Python is slow on very long numbers."""

_NUMBER = re.compile(r"(?P<whole>[0-9]*|[0-9]{1,3}(,[0-9]{3})+)(?P<rest>\.[0-9]*)?")
_SIGNED = re.compile(r"[-+\N{MINUS SIGN}\N{EN DASH}]\s*(?P<number>\S.*)", re.DOTALL)


class Fault(StrEnum):
    INVALID = "invalid"
    SIGN = "sign"
    COMMAS = "commas"
    TOO_LONG = "too_long"
    NOT_WHOLE = "not_whole"


REASONS = {
    Fault.INVALID: "Write it in digits, such as 8.50.",
    Fault.SIGN: "Write it without a plus or minus sign.",
    Fault.COMMAS: "Put commas between thousands only, and a point before decimals: 1,250.50.",
    Fault.TOO_LONG: f"A number has {LONGEST} characters at most.",
    Fault.NOT_WHOLE: "Write a whole number, such as 25.",
}


class NotANumber(ValueError):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(REASONS[fault])


def read_number(text: str) -> Decimal:
    """Raises NotANumber."""
    text = text.strip()
    if len(text) > LONGEST:
        raise NotANumber(Fault.TOO_LONG)
    if _is_number(text):
        return Decimal(text.replace(",", ""))
    if (signed := _SIGNED.fullmatch(text)) and _is_number(signed["number"]):
        raise NotANumber(Fault.SIGN)
    if "," in text and _is_number(text.replace(",", "")):
        raise NotANumber(Fault.COMMAS)
    raise NotANumber(Fault.INVALID)


def read_whole(text: str) -> int:
    """Accepts `25.0`. Raises NotANumber."""
    try:
        number = read_number(text)
    except NotANumber as error:
        raise NotANumber(Fault.NOT_WHOLE if error.fault is Fault.INVALID else error.fault) from None
    if number != number.to_integral_value():
        raise NotANumber(Fault.NOT_WHOLE)
    return int(number)


def read_digits(text: str) -> int:
    """For programs: digits only. Raises NotANumber."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST:
        raise NotANumber(Fault.NOT_WHOLE)
    return int(text)


def _is_number(text: str) -> bool:
    match = _NUMBER.fullmatch(text)
    return match is not None and any(digit.isdigit() for digit in text)


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argparse type, bounds included."""
    return _between(read_whole, "a whole number", least, most)


def decimal_number(least: Decimal, most: Decimal) -> Callable[[str], Decimal]:
    """An argparse type, bounds included."""
    return _between(read_number, "a number", least, most)


def _between[Number: (int, Decimal)](
    read: Callable[[str], Number], kind: str, least: Number, most: Number
) -> Callable[[str], Number]:
    def parse(text: str) -> Number:
        wanted = f"{text!r} is not {kind} from {least:,} to {most:,}"
        try:
            number = read(text)
        except NotANumber as error:
            raise ArgumentTypeError(f"{wanted}. {error}") from None
        if not least <= number <= most:
            raise ArgumentTypeError(wanted)
        return number

    return parse
