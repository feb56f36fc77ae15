"""Form fields for homeshield/lib/numbers.py.

They are text inputs: the browser's number input accepts `1e1`, refuses commas, and forgets what it could not read.
"""

from decimal import Decimal
from typing import Any, override

from django import forms
from django.core.exceptions import ValidationError

from homeshield.lib.numbers import REASONS, NotANumber, read_number, read_whole

_MESSAGES: dict[str, Any] = {str(fault): reason for fault, reason in REASONS.items()}


class WholeNumberField(forms.IntegerField):
    default_error_messages = _MESSAGES
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    @override
    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values or isinstance(value, int):
            return value if isinstance(value, int) else None
        try:
            return read_whole(str(value)) if str(value).strip() else None
        except NotANumber as error:
            raise _refusal(self, error) from None


class DecimalNumberField(forms.DecimalField):
    """`error_messages` may override each Fault's message."""

    default_error_messages = _MESSAGES
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    @override
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # as the class above does
        if value in self.empty_values or isinstance(value, Decimal):
            return value if isinstance(value, Decimal) else None
        try:
            return read_number(self.bare(str(value))) if str(value).strip() else None
        except NotANumber as error:
            raise _refusal(self, error) from None

    def bare(self, text: str) -> str:
        """Strips what may surround the number."""
        return text


class DollarsField(DecimalNumberField):
    """Allows a leading `$`."""

    @override
    def bare(self, text: str) -> str:
        return text.strip().removeprefix("$")


def _refusal(field: forms.Field, error: NotANumber) -> ValidationError:
    return ValidationError(field.error_messages[error.fault], code=error.fault)
