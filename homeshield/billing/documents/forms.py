import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from homeshield.accounts.company_names import UNSEEN
from homeshield.billing.documents.details import Details
from homeshield.billing.documents.models import (
    LONGEST_ADDRESS,
    LONGEST_NAME,
    LONGEST_TAX_ID,
    MOST_ADDRESSES,
    UNSEEN_IN_LINES,
)

MOST_LINES = 6
_HIDDEN = "Remove the invisible or control characters. Typing the text anew is the easiest way."


class DetailsForm(forms.Form):
    """Billing details. Everything may stay empty."""

    legal_name = forms.CharField(
        required=False,
        max_length=LONGEST_NAME,
        label="Legal name",
        help_text="Empty: your company name.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    address = forms.CharField(
        required=False,
        max_length=LONGEST_ADDRESS,
        label="Address",
        help_text=f"As on an envelope, up to {MOST_LINES} lines.",
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
    )
    tax_id = forms.CharField(
        required=False,
        max_length=LONGEST_TAX_ID,
        label="Tax ID",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    mail_to = forms.CharField(
        required=False,
        max_length=2000,
        label="Email documents to",
        help_text=f"One address on each line, up to {MOST_ADDRESSES}. Empty: no mails. Documents are always here.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_legal_name(self) -> str:
        return self._seen("legal_name", UNSEEN)

    def clean_tax_id(self) -> str:
        return self._seen("tax_id", UNSEEN)

    def clean_address(self) -> str:
        """Line ends as PostgreSQL keeps them, without empty lines."""
        lines = [line.strip() for line in self.cleaned_data["address"].splitlines()]
        self.cleaned_data["address"] = "\n".join(line for line in lines if line)
        address = self._seen("address", UNSEEN_IN_LINES)
        if address.count("\n") >= MOST_LINES:
            raise ValidationError(f"An address has at most {MOST_LINES} lines.")
        return address

    def clean_mail_to(self) -> tuple[str, ...]:
        found = dict.fromkeys(re.split(r"[\s,;]+", self.cleaned_data["mail_to"].strip()))
        addresses = tuple(one for one in found if one)
        for one in addresses:
            try:
                validate_email(one)
            except ValidationError:
                raise ValidationError(f"“{one[:80]}” is not an email address. Correct it or remove it.") from None
            if len(one) > 254:
                raise ValidationError("An email address has at most 254 characters.")
        if len(addresses) > MOST_ADDRESSES:
            raise ValidationError(f"Name at most {MOST_ADDRESSES} addresses, not {len(addresses)}.")
        return addresses

    def _seen(self, name: str, unseen: str) -> str:
        text: str = self.cleaned_data[name]
        if re.search(unseen, text):
            raise ValidationError(_HIDDEN)
        return text

    @property
    def details(self) -> Details:
        """Only of a valid form."""
        return Details(**self.cleaned_data)

    @classmethod
    def showing(cls, details: Details) -> "DetailsForm":
        return cls(
            initial={
                "legal_name": details.legal_name,
                "address": details.address,
                "tax_id": details.tax_id,
                "mail_to": "\n".join(details.mail_to),
            }
        )
