"""What purchased leads are searched, filtered and sorted by."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms

from leads.geography import STATES
from sales.history.purchases import LONGEST_TEXT, NEWEST, SORTS, LeadSearch

MONTHS = 36
"""How far back the list of months goes."""


class LeadSearchForm(forms.Form):
    """Everything but the text stands in the address: `search` is the key of a text in the session."""

    text = forms.CharField(
        label="Find leads", required=False, max_length=LONGEST_TEXT,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name, phone, city, county or #order"}),
        error_messages={"max_length": f"Use {LONGEST_TEXT} characters at most."},
    )  # fmt: skip
    state = forms.ChoiceField(required=False)
    county = forms.CharField(required=False, max_length=LONGEST_TEXT, widget=forms.HiddenInput())
    month = forms.ChoiceField(required=False, label="Bought in")
    sort = forms.ChoiceField(required=False)

    def __init__(self, data: Mapping[str, Any], *, as_of: datetime, of_order: bool) -> None:
        super().__init__(data)
        self.default_sort = "line" if of_order else NEWEST
        for name, choices, wrong in (
            ("state", [("", "All states"), *((code, state.name) for code, state in STATES.items())], "a state"),
            ("month", [("", "Any month"), *_months(as_of.date())], "a month"),
            ("sort", self._sorts(of_order=of_order), "an order"),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
            field.error_messages["invalid_choice"] = f"“%(value)s” is not {wrong} we know. Choose one from the list."
        if of_order:
            del self.fields["month"]

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        return text if any(letter.isalnum() for letter in text) else ""

    def asked(self, order_id: UUID | None) -> LeadSearch:
        """Of a valid form."""
        found = self.cleaned_data
        month = found.get("month")
        return LeadSearch(
            text=found["text"],
            state=found["state"] or None,
            county=found["county"] or None,
            month=date.fromisoformat(f"{month}-01") if month else None,
            sort=found["sort"] or self.default_sort,
            order_id=order_id,
        )

    @property
    def in_address(self) -> dict[str, str]:
        """What the address says of a valid form."""
        default = {"sort": self.default_sort}
        named = {name: self.cleaned_data.get(name, "") for name in ("state", "county", "month", "sort")}
        return {name: value for name, value in named.items() if value and value != default.get(name)}

    def _sorts(self, *, of_order: bool) -> list[tuple[str, str]]:
        left_out = {NEWEST, "oldest"} if of_order else {"line"}
        names = sorted(SORTS, key=lambda name: name != self.default_sort)
        return [(name, SORTS[name][0]) for name in names if name not in left_out]


def _months(today: date) -> list[tuple[str, str]]:
    """Latest first."""
    numbers = range(today.year * 12 + today.month - 1, today.year * 12 + today.month - 1 - MONTHS, -1)
    firsts = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    return [(f"{first:%Y-%m}", f"{first:%B %Y}") for first in firsts]
