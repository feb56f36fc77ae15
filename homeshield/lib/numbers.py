"""Numbers as people write them: the one rule for all that is typed into a page, the administration, a command, a file
or a setting.

A number has digits, at most one decimal point, and commas between thousands where they stand right. Blanks around it
are fine. Nothing else is a number: no sign (no number here can be negative), no exponent, no underscore, no digits of
other scripts, all of which Python's own `int` and `Decimal` take.
"""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

LONGEST = 40
"""Characters. No number that anybody means has more, and Python takes long for very long ones."""

_NUMBER = re.compile(r"(?P<whole>[0-9]*|[0-9]{1,3}(,[0-9]{3})+)(?P<rest>\.[0-9]*)?")
_SIGNED = re.compile(r"[-+\N{MINUS SIGN}\N{EN DASH}]\s*(?P<number>\S.*)", re.DOTALL)


class Fault(StrEnum):
    """Why a text is no number."""

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
"""What is wrong and how to mend it, for people."""


class NotANumber(ValueError):
    """A text that is no number as people write them."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(REASONS[fault])


def read_number(text: str) -> Decimal:
    """The number that a text is, exactly. Raises NotANumber."""
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
    """The whole number that a text is; `25.0` is 25. Raises NotANumber."""
    try:
        number = read_number(text)
    except NotANumber as error:
        raise NotANumber(Fault.NOT_WHOLE if error.fault is Fault.INVALID else error.fault) from None
    if number != number.to_integral_value():
        raise NotANumber(Fault.NOT_WHOLE)
    return int(number)


def read_digits(text: str) -> int:
    """The whole number that a program wrote: digits and nothing else. Raises NotANumber."""
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST:
        raise NotANumber(Fault.NOT_WHOLE)
    return int(text)


def _is_number(text: str) -> bool:
    match = _NUMBER.fullmatch(text)
    return match is not None and any(digit.isdigit() for digit in text)


# --- On the command line ---


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argparse type: a whole number between two, both allowed."""
    return _between(read_whole, "a whole number", least, most)


def decimal_number(least: Decimal, most: Decimal) -> Callable[[str], Decimal]:
    """An argparse type: a number between two, both allowed."""
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
