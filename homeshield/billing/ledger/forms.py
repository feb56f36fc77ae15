from decimal import Decimal

from django import forms

from homeshield.billing.ledger.services import MOST
from homeshield.lib.ids import new_id
from homeshield.lib.money import CENT
from homeshield.lib.number_fields import DollarsField

_TWO_PLACES = "Enter dollars with two decimals at most, such as 250.00."


def dollars_field(label: str, *, least: Decimal, help_text: str, required: bool = True) -> DollarsField:
    return DollarsField(
        label=label, min_value=least, max_value=MOST, decimal_places=2, required=required, help_text=help_text,
        error_messages={
            "required": "Enter an amount.",
            "min_value": "Enter an amount above zero.",
            "max_value": f"Enter at most {MOST:,}.",
            "max_decimal_places": _TWO_PLACES,
        },
    )  # fmt: skip


def _reason_field() -> forms.CharField:
    return forms.CharField(
        max_length=200,
        help_text="The client sees it. Kept permanently. No personal data.",
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),  # as wide as the admin's own
    )


class CreditLimitForm(forms.Form):
    credit_limit = dollars_field(
        "Credit limit",
        least=Decimal(0),
        required=False,
        help_text="How far orders may take the balance below zero, in dollars. 0: the client pays in before it buys. "
        "Empty: on account, without a limit.",
    )
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="Kept permanently.")


class AdjustmentForm(forms.Form):
    direction = forms.ChoiceField(choices=[("add", "Add to the balance"), ("take", "Take from the balance")])
    amount = dollars_field("Amount", least=CENT, help_text="In dollars.")
    reason = _reason_field()
    once = forms.UUIDField(widget=forms.HiddenInput, initial=new_id, required=False)
    """The transaction's id: a form that is sent twice is booked once."""

    @property
    def signed_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        return amount if self.cleaned_data["direction"] == "add" else -amount


class ReversalForm(forms.Form):
    reason = _reason_field()
