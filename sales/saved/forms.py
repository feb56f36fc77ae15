"""A search to save, and its mails."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from homeshield.lib.number_fields import WholeNumberField
from inventory.forms import FilterForm
from sales.saved.models import LONGEST_NAME
from sales.saved.services import Wanted

LONGEST_FILTER = 8000


class SaveSearchForm(forms.Form):
    """`filter` is the query of the browse page's address."""

    name = forms.CharField(
        label="Name", max_length=LONGEST_NAME,
        error_messages={
            "required": "Name the search, such as Gold in East Texas.",
            "max_length": f"Use {LONGEST_NAME} characters at most.",
        },
    )  # fmt: skip
    filter = forms.CharField(required=False, max_length=LONGEST_FILTER, widget=forms.HiddenInput())

    wanted: Wanted

    def clean_filter(self) -> str:
        """Also sets `wanted`. The page sends only what it could show itself."""
        text: str = self.cleaned_data["filter"]
        shown = FilterForm(QueryDict(text.removeprefix("?")))
        if not shown.is_valid():
            raise ValidationError("This filter has something that we do not know. Fix it on Browse, then save it.")
        asked = shown.cleaned_data
        self.wanted = Wanted(
            classification=asked["classification"],
            age_bucket=asked["age_bucket"],
            states=asked["state"],
            counties=asked["county"],
            elsewhere=asked["place"],
        )
        return text


class SearchMailForm(forms.Form):
    """When a mail goes. Both empty: none does."""

    mail_from = WholeNumberField(
        label="Email me when this many are available", required=False, min_value=1, max_value=10_000_000,
        error_messages={
            "not_whole": "Enter a whole number, such as 50.", "min_value": "Enter 1 or more.",
            "max_value": "Enter 10,000,000 or less.", "sign": "Enter 1 or more.",
            "commas": "Put commas between thousands only, such as 1,000.",
        },
    )  # fmt: skip
    on_price = forms.BooleanField(label="Email me when the price falls", required=False)
