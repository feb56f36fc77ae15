"""A search to save, and its mails."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from homeshield.lib.number_fields import WholeNumberField
from inventory.county_names import county_meant
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES
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
        query = QueryDict(text.removeprefix("?"))
        states = query.getlist("state")
        names = [name.replace("\0", "") for name in query.getlist("county")]  # which the database refuses
        counties = [county_meant(states[0], name) for name in names] if len(states) == 1 else []
        asked: dict[str, Any] = {"classification": query.get("classification"), "age_bucket": query.get("age_bucket")}
        known = (
            (asked["classification"] or Classification.GOLD) in Classification
            and (asked["age_bucket"] or AgeBucket.MONTH_3_TO_5) in AgeBucket
            and all(state in STATES for state in states)
            and all(counties)
            and len(counties) == len(names)
        )
        if not known:
            raise ValidationError("This filter has something that we do not know. Fix it on Browse, then save it.")
        self.wanted = Wanted(
            classification=Classification(asked["classification"]) if asked["classification"] else None,
            age_bucket=AgeBucket(asked["age_bucket"]) if asked["age_bucket"] else None,
            states=list(dict.fromkeys(states)),
            counties=list(dict.fromkeys(filter(None, counties))),
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
