"""The filter over the inventory, as it stands in a page's address."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import Truncator

from inventory.availability import Availability, Facet
from inventory.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATE_NAMES, county_named

type Choice = tuple[str, str]


class FilterForm(forms.Form):
    """State, county, class and age bucket; a blank leaves the question open.

    `county_of` says for which state the page offered its counties: when another state is chosen, the county of the
    former one is dropped. Without it (a link that somebody shared) a county of another state is an error.
    """

    state = forms.CharField(required=False, widget=forms.Select)
    county = forms.CharField(required=False, widget=forms.Select)
    classification = forms.CharField(required=False, label="Class", widget=forms.Select)
    age_bucket = forms.CharField(required=False, label="Age", widget=forms.Select)

    def __init__(self, data: Mapping[str, Any]) -> None:
        values = {name: data.get(name, "") for name in self.base_fields}
        if "county_of" in data and data["county_of"] != values["state"]:
            values["county"] = ""
        super().__init__(values)

    def clean_state(self) -> str | None:
        state: str = self.cleaned_data["state"].upper()
        if state and state not in STATE_NAMES:
            raise forms.ValidationError(f"“{_short(state)}” is no state we know. Choose one from the list.")
        return state or None

    def clean_county(self) -> str | None:
        county: str = self.cleaned_data["county"]
        if not county:
            return None
        if "state" not in self.cleaned_data:
            return None  # the state is wrong already, which is said there
        if not (state := self.cleaned_data["state"]):
            raise forms.ValidationError("Choose the state as well: many states have a county of the same name.")
        if not (known := county_named(state, county)):
            raise forms.ValidationError(
                f"“{_short(county)}” is no county of {STATE_NAMES[state]}. Choose one from the list."
            )
        return known

    def clean_classification(self) -> Classification | None:
        value: str = self.cleaned_data["classification"]
        if value and value not in Classification:
            raise forms.ValidationError(f"“{_short(value)}” is no class: leads are Gold or Silver.")
        return Classification(value) if value else None

    def clean_age_bucket(self) -> AgeBucket | None:
        value: str = self.cleaned_data["age_bucket"]
        if value and value not in AgeBucket:
            raise forms.ValidationError(f"“{_short(value)}” is no age we sell. Choose one from the list.")
        return AgeBucket(value) if value else None

    @property
    def criteria(self) -> Criteria:
        """What the form asks for; what is wrong in it is left open."""
        self.full_clean()
        asked = {name: self.cleaned_data.get(name) for name in self.fields}
        return Criteria(**asked)

    def offer(self, stock: Availability) -> None:
        """Lets every control offer what is in stock, with exact counts; what is chosen stays, even at 0."""
        asked = self.criteria
        self._choices("state", "All states", _counted(stock.states, asked.state, STATE_NAMES))
        self._choices("county", "All counties", _counted(stock.counties, asked.county))
        self._choices("classification", "Gold and Silver", Classification.choices)
        self._choices("age_bucket", "Every age", AgeBucket.choices)
        self.fields["county"].disabled = asked.state is None and "county" not in self.errors

    def _choices(self, name: str, everything: str, choices: list[Choice]) -> None:
        widget = self.fields[name].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", everything), *choices]


def _counted(facets: list[Facet], chosen: str | None, names: Mapping[str, str] | None = None) -> list[Choice]:
    counts = {facet.value: facet.count for facet in facets}
    if chosen is not None:
        counts.setdefault(chosen, 0)
    named = [(value, (names or {}).get(value, value), count) for value, count in counts.items()]
    return [(value, f"{name} ({count:,})") for value, name, count in sorted(named, key=lambda choice: choice[1])]


def _short(value: str) -> str:
    return Truncator(value).chars(30)
