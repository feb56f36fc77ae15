import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from homeshield.accounts.company_names import UNSEEN
from homeshield.lib.number_fields import WholeNumberField
from inventory.buyer import Buyer
from inventory.facts.criteria import MAX_QUANTITY, Criteria, Demand
from inventory.facts.place import Place
from inventory.facts.territory import MAX_PLACES, Share, Territory, overlap
from inventory.place_lists import places_read
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import COUNTIES, STATES
from sales.territories.models import LONGEST_NAME, SavedTerritory

_RANGE = f"A line has 1 to {MAX_QUANTITY:,} leads."
LONGEST_LIST = 10_000
"""Characters."""


class TerritoryForm(forms.Form):
    """What to buy over several places. `places` is the list of them, as text, whatever else helped to fill it."""

    classification = forms.ChoiceField(label="Class", choices=Classification.choices)
    age_bucket = forms.ChoiceField(label="Age", choices=AgeBucket.choices)
    quantity = WholeNumberField(
        label="How many leads", min_value=1, max_value=MAX_QUANTITY,
        error_messages={
            "required": f"Enter how many. {_RANGE}", "not_whole": "Enter a whole number, such as 25.",
            "min_value": _RANGE, "max_value": _RANGE, "sign": _RANGE,
        },
    )  # fmt: skip
    share = forms.ChoiceField(label="Share", choices=Share.choices)
    places = forms.CharField(
        label="Counties and states", max_length=LONGEST_LIST, strip=True,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={
            "required": "Name at least one place.",
            "max_length": f"A territory has {MAX_PLACES} places at most. This list is far longer.",
        },
    )  # fmt: skip

    def __init__(self, data: QueryDict, *, buyer: Buyer, saved: Sequence[SavedTerritory] = ()) -> None:
        """What was ticked and unticked among the counties of a state (`county`, of `counties_of`) changes the list, as
        against the list that the page showed with them (`shown`)."""
        self._buyer = buyer
        self._saved = saved
        values: dict[str, Any] = {name: data.get(name, "") for name in self.base_fields}
        if (state := data.get("counties_of", "")) in COUNTIES:
            values["places"] = _ticked(values["places"], state, data.getlist("county"), data.get("shown", ""))
        super().__init__(values)

    def clean_places(self) -> tuple[Place, ...]:
        found = places_read(self.cleaned_data["places"])
        if found.unknown:
            named = ", ".join(f"“{entry[:40]}”" for entry in found.unknown[:5])
            more = f" and {len(found.unknown) - 5} more" if len(found.unknown) > 5 else ""
            raise forms.ValidationError(
                f"We don’t know {named}{more}. Write counties as Caddo, LA or as FIPS codes. ZIPs are not read yet."
            )
        if len(found.places) > MAX_PLACES:
            raise forms.ValidationError(
                f"A territory has {MAX_PLACES} places at most, and these are {len(found.places)}. Remove some."
            )
        if outside := [one.label for one in found.places if not self._buyer.is_licensed_in(one.state or "")]:
            raise forms.ValidationError(f"Your company isn’t licensed in {', '.join(outside[:5])}. Remove them.")
        if crossing := overlap(found.places):
            raise forms.ValidationError(f"{crossing[1].label} lies in {crossing[0].label}: keep one of them.")
        return tuple(found.places)

    @property
    def demand(self) -> Demand:
        """Of a valid form. Places that the company has saved together bear the name that it gave them."""
        asked = self.cleaned_data
        places = frozenset(asked["places"])
        name = next((one.name for one in self._saved if frozenset(one.value.places) == places), "")
        criteria = Criteria(
            classification=Classification(asked["classification"]),
            age_bucket=AgeBucket(asked["age_bucket"]),
            territory=Territory(asked["places"], Share(asked["share"]), name),
        )
        return Demand(criteria=criteria, quantity=asked["quantity"])


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=LONGEST_NAME,
        label="Save these places as",
        error_messages={"required": "Name the territory, such as North Texas."},
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if re.search(UNSEEN, name):
            raise forms.ValidationError("A name has no control characters or invisible characters.")
        return name


class CountyChoice:
    """The counties of one state, to tick. Those that the list names are ticked."""

    def __init__(self, state: str, listed: str, buyer: Buyer) -> None:
        self.states = [(code, one.name) for code, one in STATES.items() if buyer.is_licensed_in(code)]
        self.state = state if state in dict(self.states) else ""
        chosen = set(places_read(listed[:LONGEST_LIST]).places)
        self.counties = [(county, Place(self.state, county) in chosen) for county in COUNTIES.get(self.state, ())]


def _ticked(listed: str, state: str, counties: list[str], shown: str) -> str:
    """The list with what was ticked, and without what was unticked. What it does not know stays in it."""
    before = {place.county for place in places_read(shown[:LONGEST_LIST]).places if place.state == state} - {None}
    added = [Place(state, county) for county in counties if county in COUNTIES[state] and county not in before]
    removed = {Place(state, county) for county in before - set(counties)}
    if not added and not removed:
        return listed
    if added:
        removed |= {Place(state)}
    found = places_read(listed[:LONGEST_LIST])
    places = dict.fromkeys([place for place in found.places if place not in removed] + added)
    return "\n".join([*(place.label for place in places), *found.unknown])
