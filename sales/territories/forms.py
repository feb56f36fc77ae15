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
from inventory.place_lists import PlaceList, places_read
from leads.age import AgeBucket
from leads.classification import Classification
from leads.county_codes import counties_by_code
from leads.geography import COUNTIES, STATES
from leads.zip_codes import zip_area
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
        self.found: PlaceList | None = None
        values: dict[str, Any] = {name: data.get(name, "") for name in self.base_fields}
        if (state := data.get("counties_of", "")) in COUNTIES:
            values["places"] = _ticked(values["places"], state, data.getlist("county"), data.get("shown", ""))
        super().__init__(values)

    def clean_places(self) -> tuple[Place, ...]:
        found = self.found = places_read(self.cleaned_data["places"])
        if unread := _unread(found):
            raise forms.ValidationError(unread)
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


def _unread(found: PlaceList) -> list[str]:
    """What was not read, and what to write instead. One message for each sort of trouble."""
    messages = []
    if found.unknown:
        named = _some([f"“{entry[:40]}”" for entry in found.unknown])
        messages.append(f"We don’t know {named}. Write counties as Caddo, LA, as FIPS codes or as ZIPs.")
    if codes := found.zips_without_county:
        subject, them = (f"ZIP {codes[0]} has", "its") if len(codes) == 1 else (f"ZIPs {_some(codes)} have", "their")
        messages.append(
            f"{subject} no county on the Census Bureau’s maps, as ZIPs of post office boxes don’t. Write {them} county."
        )
    if codes := found.ambiguous:
        first = codes[0].zfill(5)
        area = zip_area(first)
        assert area is not None
        zip_place, fips_place = Place(*area.county).label, Place(*counties_by_code()[first]).label
        more = f" The same goes for {_some(codes[1:])}." if len(codes) > 1 else ""
        messages.append(
            f"{first} is a ZIP in {zip_place} and the FIPS code of {fips_place}. "
            f"Write ZIP {first} or FIPS {first}.{more}"
        )
    return messages


def _some(entries: list[str]) -> str:
    more = f" and {len(entries) - 5} more" if len(entries) > 5 else ""
    return f"{', '.join(entries[:5])}{more}"


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
    return "\n".join([*(place.label for place in places), *found.unread])
