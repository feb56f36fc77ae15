"""The forms of paying in, of automatic top-up, and of refunds."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms

from homeshield.accounts.models import Client
from homeshield.billing.payments.amounts import (
    PAY_IN_LEAST,
    PAY_IN_MOST,
    REFUND_MOST,
    TRANSFER_LEAST,
    TRANSFER_MOST,
    AmountField,
)
from homeshield.billing.payments.errors import PaymentRefused
from homeshield.billing.payments.models import LONGEST_REFERENCE
from homeshield.billing.payments.services import client_of_code, reference_check
from homeshield.billing.payments.top_ups import THRESHOLD_LEAST
from homeshield.lib.money import CENT, dollars
from homeshield.lib.numbers import NotANumber, read_number

PER_TIME = f"From {dollars(PAY_IN_LEAST)} to {dollars(PAY_IN_MOST)}."


class PayInForm(forms.Form):
    """How much to pay in. `next` is where the user came from."""

    amount = AmountField(least=PAY_IN_LEAST, most=PAY_IN_MOST, label="Amount (USD)", help_text=PER_TIME)
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def asked(self) -> Decimal | None:
        """What a link to the page asks for, in USD; None where it names no amount."""
        try:
            return read_number(self.initial.get("amount", ""))
        except NotANumber:
            return None


class TopUpForm(forms.Form):
    """When to charge the saved card, and how much."""

    threshold = AmountField(
        least=THRESHOLD_LEAST,
        most=PAY_IN_MOST,
        label="When the balance falls below (USD)",
        help_text="We look every few seconds.",
    )
    amount = AmountField(least=PAY_IN_LEAST, most=PAY_IN_MOST, label="Charge the card (USD)", help_text=PER_TIME)


class RefundForm(forms.Form):
    """How much to ask back. The service knows the most."""

    amount = AmountField(least=CENT, most=REFUND_MOST, label="Amount (USD)")


class ReferenceField(forms.CharField):
    """A transfer's reference, as the bank statement has it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "maxlength": str(LONGEST_REFERENCE)})
        super().__init__(widget=widget, **options)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return text
        try:
            return reference_check(text)
        except PaymentRefused as refusal:
            raise forms.ValidationError(refusal.message) from refusal


class TransferForm(forms.Form):
    """A transfer that has arrived at the bank."""

    client = forms.CharField(
        max_length=60,
        label="Client",
        help_text="The code from the transfer, such as HS-4F0C2A9B1D, or the client's ID.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    amount = AmountField(least=TRANSFER_LEAST, most=TRANSFER_MOST, label="Amount (USD)")
    reference = ReferenceField(
        label="Reference",
        help_text="From the bank statement. Each counts once.",
        error_messages={"required": "Enter the reference from the bank statement."},
    )

    def clean_client(self) -> Client:
        try:
            return client_of_code(self.cleaned_data["client"])
        except PaymentRefused as refusal:
            raise forms.ValidationError(refusal.message) from refusal

    @property
    def client_id(self) -> UUID:
        found: Client = self.cleaned_data["client"]
        return found.id


class RefundDecisionForm(forms.Form):
    """What staff decide on a request for a refund."""

    reference = ReferenceField(
        required=False,
        label="Reference of the transfer back",
        help_text="Only where part of it came by transfer: send that back first.",
    )
    word = forms.CharField(
        required=False,
        max_length=500,
        label="Word to the owner",
        help_text="Goes into the mail to the owners. Needed to decline.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
