"""The form with which staff change a price."""

from decimal import Decimal

from django import forms
from django.contrib.admin.widgets import AdminRadioSelect, AdminSplitDateTime

from homeshield.lib.number_fields import DollarsField
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import PriceRefused
from pricing.services import price_check


class PriceChangeForm(forms.Form):
    """What `price_set` needs. Without an instant the price changes now."""

    classification = forms.TypedChoiceField(
        choices=Classification, coerce=Classification, widget=AdminRadioSelect, label="Class"
    )
    age_bucket = forms.TypedChoiceField(choices=AgeBucket, coerce=AgeBucket, widget=AdminRadioSelect)
    amount = DollarsField(
        label="Price (USD)",
        help_text="For one lead, for example 8.50. A $ before it is fine.",
        error_messages={"sign": "A price is not negative. Write it without a sign."},
    )
    effective_from = forms.SplitDateTimeField(
        label="In force from (UTC)",
        required=False,
        widget=AdminSplitDateTime,
        help_text="Leave both empty to change the price now. A date without a time is incomplete.",
    )

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        try:
            price_check(amount)
        except PriceRefused as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return amount
