"""What staff type about discounts and clients' own prices. Services check it once more (services.py)."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin.widgets import AdminRadioSelect

from homeshield.accounts.models import Client
from homeshield.lib.number_fields import DecimalNumberField, DollarsField, WholeNumberField
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.forms import AT, NOW, MomentField, StartForm
from pricing.changing.services import price_check
from pricing.discounts.codes import LONGEST_TYPED, code_of
from pricing.discounts.services import code_check_form, percentage_check
from pricing.errors import DiscountRefused, PriceRefused


class PercentField(DecimalNumberField):
    """Allows a trailing `%`."""

    def bare(self, text: str) -> str:
        return text.strip().removesuffix("%")


class ClientField(forms.CharField):
    """A client by its id, which its page shows, or by its whole name."""

    default_error_messages = {
        "unknown": "There is no client of this id or name. Copy the id from the client's page.",
        "several": "Several clients have this name. Copy the id from the client's page.",
    }

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            found = list(Client.objects.filter(id=UUID(text)))
        except ValueError:
            found = list(Client.objects.filter(name__iexact=text)[:2])
        if len(found) == 1:
            return found[0]
        code = "several" if found else "unknown"
        raise forms.ValidationError(self.error_messages[code], code=code)


def end_of(parts: tuple[Any, Any]) -> datetime | None:
    """Returns the instant in UTC; of a date without a time, the start of that day."""
    day, hour = parts
    if day is None:
        if hour:
            raise forms.ValidationError("Enter the date too.")
        return None
    return datetime.combine(day, hour or time.min, tzinfo=UTC)


def _checked[Value](check: Callable[[Value], None], value: Value) -> Value:
    try:
        check(value)
    except (DiscountRefused, PriceRefused) as refusal:
        raise forms.ValidationError(refusal.message) from refusal
    return value


class IntervalForm(StartForm):
    effective_until = MomentField(
        label="Ends (UTC)", required=False, help_text="Empty: it has no end until you end it. It is not in force then."
    )

    def clean_effective_until(self) -> datetime | None:
        return end_of(self.cleaned_data["effective_until"])

    @property
    def change(self) -> dict[str, Any]:
        """When valid, the arguments of the service."""
        return {name: value for name, value in self.cleaned_data.items() if name != "when"}


class DiscountForm(IntervalForm):
    not_before_now = "A discount cannot start in the past"

    name = forms.CharField(max_length=60, help_text="Buyers see it beside their price, for example “Spring sale”.")
    percentage = PercentField(
        label="Percent off", help_text="0.1 to 90, with one decimal at most.",
        error_messages={"sign": "A discount is 0.1 to 90 percent. Leave out the sign."},
    )  # fmt: skip
    least_leads = WholeNumberField(
        label="Leads in the order, at least", initial=1, help_text="All lines of the order together."
    )
    client = ClientField(
        max_length=100, required=False, help_text="The id or the whole name of one client. Empty: for all clients."
    )
    code = forms.CharField(
        max_length=LONGEST_TYPED, required=False,
        help_text="Only orders that name this code get the discount. Empty: no code is needed. A code is used once: "
        "another discount needs another one.",
    )  # fmt: skip
    field_order = ("name", "percentage", "least_leads", "client", "code", "when", "effective_from", "effective_until")

    def clean_percentage(self) -> Decimal:
        percentage: Decimal = self.cleaned_data["percentage"]
        return _checked(percentage_check, percentage)

    def clean_code(self) -> str:
        return _checked(code_check_form, code_of(self.cleaned_data["code"]))


class ClientPriceForm(IntervalForm):
    client = ClientField(max_length=100, help_text="The id or the whole name of the client.")
    classification = forms.TypedChoiceField(
        choices=Classification, coerce=Classification, widget=AdminRadioSelect, label="Class"
    )
    age_bucket = forms.TypedChoiceField(choices=AgeBucket, coerce=AgeBucket, widget=AdminRadioSelect)
    amount = DollarsField(
        label="Price (USD)",
        help_text="For one lead, such as 6.50 or $6.50. The client never pays more than the general price.",
        error_messages={"sign": "A price can't be negative. Leave out the sign."},
    )
    field_order = ("client", "classification", "age_bucket", "amount", "when", "effective_from", "effective_until")

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        return _checked(price_check, amount)


class EndForm(StartForm):
    """`effective_from` is the end here; None is now."""

    not_before_now = "What was in force stays so: it cannot end in the past"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["when"].label = "Ends"
        self.fields["when"].choices = [(NOW, "Now"), (AT, "At the date and time below")]  # type: ignore[attr-defined]
