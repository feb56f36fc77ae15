"""Criteria in a URL or a form."""

from collections.abc import Mapping
from typing import Any, override

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from inventory.counting.reading import Availability, Facet
from inventory.county_names import county_meant
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES

type Choice = tuple[str, str]

_STATE_NAMES = {code: state.name for code, state in STATES.items()}


class CriteriaForm(forms.Form):
    """A blank field matches everything."""

    state = forms.CharField(required=False)
    county = forms.CharField(required=False)
    classification = forms.CharField(required=False, label="Class")
    age_bucket = forms.CharField(required=False, label="Age")

    def clean_state(self) -> str | None:
        state: str = self.cleaned_data["state"].upper()
        if state and state not in STATES:
            raise forms.ValidationError(f"We don’t know the state “{_short(state)}”. Choose one from the list.")
        return state or None

    def clean_county(self) -> str | None:
        county: str = self.cleaned_data["county"]
        if not county or "state" not in self.cleaned_data:
            return None  # the state has its own error
        if not (state := self.cleaned_data["state"]):
            raise forms.ValidationError("Choose the state too: many states have a county of this name.")
        if not (meant := county_meant(state, county)):
            raise forms.ValidationError(
                f"{STATES[state].name} has no county “{_short(county)}”. Choose one from the list."
            )
        return meant

    def clean_classification(self) -> Classification | None:
        value: str = self.cleaned_data["classification"]
        if value and value not in Classification:
            raise forms.ValidationError(f"“{_short(value)}” is not a class. Choose Gold or Silver.")
        return Classification(value) if value else None

    def clean_age_bucket(self) -> AgeBucket | None:
        value: str = self.cleaned_data["age_bucket"]
        if value and value not in AgeBucket:
            raise forms.ValidationError(f"“{_short(value)}” is not an age we sell. Choose one from the list.")
        return AgeBucket(value) if value else None

    @property
    def criteria(self) -> Criteria:
        """Invalid fields are left open."""
        self.errors  # noqa: B018 - cleans the form
        asked = self.cleaned_data
        return Criteria(
            classification=asked.get("classification"),
            age_bucket=asked.get("age_bucket"),
            place=Place(asked.get("state"), asked.get("county")),
        )


class QuickSelect(forms.Select):
    """Django's own renders a template per option: half the time of a page with the counties of Texas."""

    @override
    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        select = self.get_context(name, value, attrs)["widget"]
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            (
                (option["value"], flatatt(option["attrs"]), option["label"])
                for _, group, _ in select["optgroups"]
                for option in group
            ),
        )
        return format_html('<select name="{}"{}>{}</select>', select["name"], flatatt(select["attrs"]), options)


class FilterForm(CriteriaForm):
    """Offers what is in stock, with exact counts.

    `county_of` is the state whose counties the page offered: choosing another state drops the county. Without it (a
    shared link) a county of another state is an error.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        values = {name: data.get(name, "") for name in self.base_fields}
        if "county_of" in data and data["county_of"] != values["state"]:
            values["county"] = ""
        super().__init__(values)
        for field in self.fields.values():
            field.widget = QuickSelect()

    def offer(self, stock: Availability) -> None:
        """Fills the controls. A chosen value stays, even at 0."""
        asked = self.criteria
        self._choices("state", "All states", _counted(stock.states, asked.place.state, _STATE_NAMES))
        self._choices("county", "All counties", _counted(stock.counties, asked.place.county, {}))
        self._choices("classification", "Gold and Silver", Classification.choices)
        self._choices("age_bucket", "Every age", AgeBucket.choices)
        if asked.place.state is None and not self.errors:
            self.fields["county"].widget.attrs["disabled"] = True

    def _choices(self, name: str, everything: str, choices: list[Choice]) -> None:
        widget = self.fields[name].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", everything), *choices]


def _counted(facets: list[Facet], chosen: str | None, names: Mapping[str, str]) -> list[Choice]:
    counts = {facet.value: facet.count for facet in facets}
    if chosen is not None:
        counts.setdefault(chosen, 0)
    named = sorted((names.get(value, value), value, count) for value, count in counts.items())
    return [(value, f"{name} ({count:,})") for name, value, count in named]


def _short(value: str) -> str:
    return Truncator(value).chars(30)
