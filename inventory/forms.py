"""Criteria in a URL or a form."""

from collections.abc import Sequence
from typing import Any, override

from django import forms
from django.http import QueryDict
from django.utils.text import Truncator

from inventory.county_names import county_meant
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES

MOST_COUNTIES = 50
"""At once. A cart has no more lines."""


def state_meant(text: str) -> str:
    """The state's code. Raises ValidationError."""
    state = text.upper()
    if state not in STATES:
        raise forms.ValidationError(f"We don’t know the state “{_short(state)}”. Choose one from the list.")
    return state


def county_of_state(state: str, text: str) -> str:
    """The county as the state's leads have it. Raises ValidationError."""
    if not (meant := county_meant(state, text)):
        raise forms.ValidationError(f"{STATES[state].name} has no county “{_short(text)}”. Choose one from the list.")
    return meant


class CriteriaForm(forms.Form):
    """A blank field matches everything."""

    state = forms.CharField(required=False)
    county = forms.CharField(required=False)
    classification = forms.CharField(required=False, label="Class")
    age_bucket = forms.CharField(required=False, label="Age")

    def clean_state(self) -> str | None:
        state: str = self.cleaned_data["state"]
        return state_meant(state) if state else None

    def clean_county(self) -> str | None:
        county: str = self.cleaned_data["county"]
        if not county or "state" not in self.cleaned_data:
            return None  # the state has its own error
        if not (state := self.cleaned_data["state"]):
            raise forms.ValidationError("Choose the state too: many states have a county of this name.")
        return county_of_state(state, county)

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


class TextsField(forms.CharField):
    """A name that an address may hold several times: each value once, in the order sent, without empty ones."""

    widget = forms.MultipleHiddenInput

    @override
    def clean(self, value: Any) -> list[str]:
        texts = dict.fromkeys(super(TextsField, self).clean(text) for text in value or ())
        return [text for text in texts if text]


class FilterForm(forms.Form):
    """What a page is about: a class, an age, and several places: states, or counties.

    Counties of the one `state` are named by `county`, those of other states by `place`, as `LA,Caddo`. `county_of` is
    the state whose counties the page offered: choosing another state drops them, and several states all. Without it (a
    shared link), counties of another state are an error.
    """

    state = TextsField(required=False)
    county = TextsField(required=False)
    place = TextsField(required=False)
    classification = CriteriaForm.base_fields["classification"]
    age_bucket = CriteriaForm.base_fields["age_bucket"]

    clean_classification = CriteriaForm.clean_classification
    clean_age_bucket = CriteriaForm.clean_age_bucket

    def __init__(self, data: QueryDict) -> None:
        sent = data.copy()
        if "county_of" in sent and sent.getlist("state") != [sent["county_of"]]:
            sent.setlist("county", [])
            if len(sent.getlist("state")) > 1:
                sent.setlist("place", [])
        super().__init__(sent)

    def clean_state(self) -> list[str]:
        return list(dict.fromkeys(state_meant(state) for state in self.cleaned_data["state"]))

    def clean_county(self) -> list[str]:
        counties: list[str] = self.cleaned_data["county"]
        if not counties or "state" not in self.cleaned_data:
            return []  # the state has its own error
        states: list[str] = self.cleaned_data["state"]
        if not states:
            raise forms.ValidationError("Choose the state too: many states have a county of this name.")
        if len(states) > 1:
            raise forms.ValidationError("Choose one state: counties are chosen within it.")
        _check_number(counties)
        return list(dict.fromkeys(county_of_state(states[0], county) for county in counties))

    def clean_place(self) -> list[Place]:
        """Also adds those of the state to its counties."""
        texts: list[str] = self.cleaned_data["place"]
        if not texts or "state" not in self.cleaned_data or "county" not in self.cleaned_data:
            return []  # these have their own errors
        if len(self.cleaned_data["state"]) > 1:
            raise forms.ValidationError("Choose one state: counties are chosen within it.")
        _check_number([*self.cleaned_data["county"], *texts])
        places = dict.fromkeys(map(_county_meant, texts))
        here = [place for place in places if [place.state] == self.cleaned_data["state"]]
        counties = [*self.cleaned_data["county"], *(place.county for place in here)]
        self.cleaned_data["county"] = list(dict.fromkeys(counties))
        return [place for place in places if place not in here]


def _county_meant(text: str) -> Place:
    """Raises ValidationError."""
    state, comma, county = text.partition(",")
    if not comma or not county.strip():
        raise forms.ValidationError(f"“{_short(text)}” is not a county and its state. Write it as LA,Caddo.")
    code = state_meant(state.strip())
    return Place(code, county_of_state(code, county.strip()))


def _check_number(counties: Sequence[str]) -> None:
    """Raises ValidationError."""
    if len(counties) > MOST_COUNTIES:
        raise forms.ValidationError(f"Choose {MOST_COUNTIES} counties at most, or the whole state.")


def _short(value: str) -> str:
    return Truncator(value).chars(30)
