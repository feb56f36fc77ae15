"""What a buyer looks at, and its address: every state of the page has one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from inventory.facts.criteria import Criteria
from inventory.facts.place import EVERYWHERE, Place
from inventory.forms import FilterForm
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES

TABLE, MAP = "", "map"
LINES, PREVIEW, LATER = "", "preview", "later"
"""What stands below the table or the map: quantities for each place, leads, what gets cheaper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A class and an age, or any; several states, or several counties of one state; none is everywhere.

    `view` is TABLE or MAP, `tab` LINES, PREVIEW or LATER.
    """

    classification: Classification | None = None
    age_bucket: AgeBucket | None = None
    states: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    view: str = TABLE
    tab: str = LINES

    @classmethod
    def of(cls, form: FilterForm, query: QueryDict) -> Self:
        """What is wrong in the form is left open."""
        form.errors  # noqa: B018 - cleans the form
        asked = form.cleaned_data
        return cls(
            classification=asked.get("classification"),
            age_bucket=asked.get("age_bucket"),
            states=tuple(asked.get("state", ())),
            counties=tuple(asked.get("county", ())),
            view=MAP if query.get("view") == MAP else TABLE,
            tab=query.get("tab", "") if query.get("tab") in (PREVIEW, LATER) else LINES,
        )

    @property
    def state(self) -> str | None:
        """The one whose counties are open to choose."""
        return self.states[0] if len(self.states) == 1 else None

    @property
    def state_name(self) -> str:
        return STATES[self.state].name if self.state else ""

    @property
    def criteria(self) -> Criteria:
        """All of it, but with several places the narrowest place around them that criteria can name."""
        county = self.counties[0] if len(self.counties) == 1 else None
        return Criteria(classification=self.classification, age_bucket=self.age_bucket, place=Place(self.state, county))

    @property
    def places(self) -> list[Place]:
        """A line of an order each."""
        if self.counties:
            return [Place(self.state, county) for county in self.counties]
        return [Place(state) for state in self.states] or [EVERYWHERE]

    @property
    def has_cell(self) -> bool:
        """Whether it names what a line must name."""
        return self.classification is not None and self.age_bucket is not None

    @property
    def place_label(self) -> str:
        """`Caddo, LA`, `3 counties in Texas`, `Texas`, `2 states`, `All states`"""
        if len(self.counties) == 1:
            return Place(self.state, self.counties[0]).label
        if self.counties and self.state:
            return f"{len(self.counties)} counties in {STATES[self.state].name}"
        if self.state:
            return STATES[self.state].name
        return f"{len(self.states)} states" if self.states else "All states"

    @property
    def cell_label(self) -> str:
        """`Gold, 6 to 8 months`; empty for everything."""
        return ", ".join(str(part.label) for part in (self.classification, self.age_bucket) if part)

    @property
    def label(self) -> str:
        return f"{self.cell_label or 'Gold and Silver, every age'}, {self.place_label}"

    def address(self, **more: str) -> str:
        query = urlencode([*self.fields(), *more.items()])
        return reverse("inventory:record-list") + (f"?{query}" if query else "")

    @property
    def query(self) -> str:
        return urlencode([*self.fields()])

    def fields(self) -> Iterator[tuple[str, str]]:
        """Of the address, without what is left open."""
        cell = Criteria(classification=self.classification, age_bucket=self.age_bucket)
        yield from cell.as_filter().items()
        yield from (("state", state) for state in self.states)
        yield from (("county", county) for county in self.counties)
        yield from ((name, value) for name, value in (("view", self.view), ("tab", self.tab)) if value)

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def at(self, *states: str, counties: Sequence[str] = ()) -> Self:
        return replace(self, states=states, counties=tuple(counties))

    def with_cell(self, classification: Classification | None, age_bucket: AgeBucket | None) -> Self:
        """With this class and age, or without them if it has exactly these."""
        if (self.classification, self.age_bucket) == (classification, age_bucket):
            classification = age_bucket = None
        return replace(self, classification=classification, age_bucket=age_bucket)

    def toggled(self, place: Place) -> Self:
        """With or without a county of the state, or with this state alone."""
        if place.county is None:
            return self.at(*[place.state] if place.state else [])
        left = [county for county in self.counties if county != place.county]
        counties = left if place.county in self.counties else [*left, place.county]
        return self.at(*self.states, counties=counties)
