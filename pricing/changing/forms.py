from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, override

from django import forms
from django.contrib.admin.widgets import AdminRadioSelect, AdminSplitDateTime

from homeshield.lib.number_fields import DollarsField
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import utc
from pricing.changing.services import price_check
from pricing.errors import PriceRefused

NOW, AT = "now", "at"

SLOW_CLOCK = timedelta(minutes=5)
"""The "Now" and "Today" links use the browser's clock, perhaps this slow."""


class MomentField(forms.SplitDateTimeField):
    """A date and a time, either of which may be None."""

    widget = AdminSplitDateTime
    default_error_messages = {
        "invalid_date": "Write the date like 2026-12-01.",
        "invalid_time": "Write the time like 15:09:26.",
    }

    @override
    def clean(self, value: Any) -> Any:
        for text, fault in zip(value or [], self.default_error_messages, strict=False):
            if text and not str(text).isascii():  # Python also reads digits of other scripts
                raise forms.ValidationError(self.error_messages[fault], code=fault)
        return super().clean(value)

    @override
    def compress(self, data_list: Any) -> Any:
        return tuple(part or None for part in data_list) if data_list else (None, None)


class StartForm(forms.Form):
    """The part of a form that says from when something is in force: `effective_from` is None for now.

    `opened` (UTC) is when the page was made. An instant since then means now.
    """

    not_before_now = "A price cannot be changed in the past"
    """What is wrong with an instant that has passed."""

    when = forms.ChoiceField(
        label="Takes effect",
        choices=[(NOW, "Now"), (AT, "At the date and time below")],
        widget=AdminRadioSelect,
        initial=NOW,
    )
    effective_from = MomentField(label="Date and time (UTC)", required=False)

    class Media:
        js = ["js/price-change.js"]

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, opened: datetime, as_of: datetime, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.opened, self.as_of = opened, as_of
        self.fields["effective_from"].help_text = (
            f"In UTC. This page was opened at {utc(as_of)}. A date without a time means the start of that day; today "
            "means now."
        )

    def clean_effective_from(self) -> datetime | None:
        """Returns a future instant, or None for now."""
        day: date | None
        hour: time | None
        (day, hour), when = self.cleaned_data["effective_from"], self.cleaned_data.get("when")
        if when == NOW and (day or hour):
            raise forms.ValidationError(
                "You chose Now and also gave a date or time. Clear them, or choose “At the date and time below”."
            )
        if when != AT:
            return None
        if day is None:
            raise forms.ValidationError("Enter the date too." if hour else "Enter a date, or choose Now.")
        chosen_from = self.opened - SLOW_CLOCK
        if hour is None and chosen_from.date() <= day <= self.as_of.date():
            return None
        instant = datetime.combine(day, hour or time.min, tzinfo=UTC)
        if chosen_from <= instant <= self.as_of:
            return None
        if instant < self.as_of:
            raise forms.ValidationError(
                f"{self.not_before_now}, and {utc(instant)} has passed: it is now {utc(self.as_of)}. "
                "Choose Now, or a later time."
            )
        return instant


class PriceChangeForm(StartForm):
    """When valid, `change` holds the arguments of `price_set`."""

    classification = forms.TypedChoiceField(
        choices=Classification, coerce=Classification, widget=AdminRadioSelect, label="Class"
    )
    age_bucket = forms.TypedChoiceField(choices=AgeBucket, coerce=AgeBucket, widget=AdminRadioSelect)
    amount = DollarsField(
        label="Price (USD)",
        help_text="For one lead, such as 8.50 or $8.50.",
        error_messages={"sign": "A price can't be negative. Leave out the sign."},
    )
    field_order = ("classification", "age_bucket", "amount", "when", "effective_from")

    @property
    def change(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("classification", "age_bucket", "amount", "effective_from")}

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        try:
            price_check(amount)
        except PriceRefused as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return amount
