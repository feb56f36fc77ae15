"""What a buyer looks at, and its address: every state of the page has one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from inventory.county_names import county_meant
from inventory.facts.criteria import Criteria
from inventory.facts.place import EVERYWHERE, Place
from inventory.forms import FilterForm
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import STATES
from sales.cart.forms import MOST_ROWS

TABLE, MAP = "", "map"
LINES, PREVIEW, LATER = "", "preview", "later"
"""What stands below the table or the map: quantities for each place, leads, what gets cheaper."""

SETTABLE = frozenset({"classification", "age_bucket", "view", "tab"})
"""By a press of a button."""

_NUMBER = re.compile(r"[0-9.,+-]{1,12}", re.ASCII)
"""As people type it, right or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A class and an age, or any; several states, or several counties; none is everywhere.

    `counties` are those of the one state, `elsewhere` those of others. Beside counties, a state without any is not
    chosen itself: its counties are open to choose. `view` is TABLE or MAP, `tab` LINES, PREVIEW or LATER. `typed` are
    quantities in boxes, by the place's text, where no script keeps them: they go with every address.
    """

    classification: Classification | None = None
    age_bucket: AgeBucket | None = None
    states: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    elsewhere: tuple[Place, ...] = ()
    view: str = TABLE
    tab: str = LINES
    typed: tuple[tuple[str, str], ...] = ()

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
            elsewhere=tuple(asked.get("place", ())),
            view=MAP if query.get("view") == MAP else TABLE,
            tab=query.get("tab", "") if query.get("tab") in (PREVIEW, LATER) else LINES,
            typed=_typed(query),
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
        """All of it, but with several places the state that is open, or everywhere."""
        county = self.counties[0] if len(self.counties) == 1 and not self.elsewhere else None
        return Criteria(classification=self.classification, age_bucket=self.age_bucket, place=Place(self.state, county))

    @property
    def places(self) -> list[Place]:
        """A line of an order each. Those of several states are sorted: their order is the same whichever is open."""
        counties = self.chosen_counties
        if self.elsewhere:
            return sorted(counties, key=lambda place: place.as_text)
        return counties or [Place(state) for state in self.states] or [EVERYWHERE]

    @property
    def chosen_counties(self) -> list[Place]:
        return [*(Place(self.state, county) for county in self.counties), *self.elsewhere]

    @property
    def chosen_states(self) -> tuple[str, ...]:
        """In which something is chosen, sorted."""
        return tuple(sorted({place.state for place in self.places if place.state}))

    @property
    def has_cell(self) -> bool:
        """Whether it names what a line must name."""
        return self.classification is not None and self.age_bucket is not None

    @property
    def place_label(self) -> str:
        """`Caddo, LA`, `3 counties in Texas`, `3 counties in 2 states`, `Texas`, `2 states`, `All states`"""
        if counties := self.chosen_counties:
            states = self.chosen_states
            where = STATES[states[0]].name if len(states) == 1 else f"{len(states)} states"
            return counties[0].label if len(counties) == 1 else f"{len(counties)} counties in {where}"
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
        return _page() + (f"?{query}" if query else "")

    @property
    def query(self) -> str:
        return urlencode([*self.fields()])

    def fields(self) -> Iterator[tuple[str, str]]:
        """Of the address, without what is left open."""
        cell = Criteria(classification=self.classification, age_bucket=self.age_bucket)
        yield from cell.as_filter().items()
        yield from (("state", state) for state in self.states)
        yield from (("county", county) for county in self.counties)
        yield from (("place", place.as_text) for place in self.elsewhere)
        yield from ((name, value) for name, value in (("view", self.view), ("tab", self.tab)) if value)
        yield from (("typed", text) for text in self.typed_texts)

    @property
    def typed_texts(self) -> list[str]:
        """As an address has them: `TX,Harris:37`"""
        return [f"{place}:{quantity}" for place, quantity in self.typed]

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def at(self, *states: str, counties: Sequence[str] = ()) -> Self:
        return replace(self, states=states, counties=tuple(counties), elsewhere=())

    def opened(self, state: str | None) -> Self:
        """With the counties of this state to choose, or with all states. Counties that are chosen stay, except that the
        state which is open already is taken whole.
        """
        chosen = self.chosen_counties
        if not chosen or state == self.state:
            return self.at(*[state] if state else [])
        counties = tuple(place.county for place in chosen if place.county and place.state == state)
        others = tuple(place for place in chosen if place.state != state)
        return replace(self, states=(state,) if state else (), counties=counties, elsewhere=others)

    def with_cell(self, classification: Classification | None, age_bucket: AgeBucket | None) -> Self:
        """With this class and age, or without them if it has exactly these."""
        if (self.classification, self.age_bucket) == (classification, age_bucket):
            classification = age_bucket = None
        return replace(self, classification=classification, age_bucket=age_bucket)

    def toggled(self, place: Place) -> Self:
        """With or without a county, or with this state open."""
        if place.county is None:
            return self.opened(place.state)
        chosen = self.chosen_counties
        left = [one for one in chosen if one != place]
        places = left if place in chosen else [*left, place]
        counties = tuple(one.county for one in places if one.county and one.state == self.state)
        return replace(self, counties=counties, elsewhere=tuple(one for one in places if one.state != self.state))


@cache
def _page() -> str:
    return reverse("inventory:record-list")


def asked_of(sent: QueryDict) -> QueryDict:
    """What was asked for. A button without JavaScript names what it sets: `set` is a query of its own."""
    pressed, asked = QueryDict(sent.get("set", "")[:200]), sent.copy()
    for name in SETTABLE & pressed.keys():
        asked.setlist(name, pressed.getlist(name))
    return asked


def _typed(query: QueryDict) -> tuple[tuple[str, str], ...]:
    """From an address, and from the boxes of a form: an empty one forgets what the address had.

    Nothing but places and numbers: the page is compressed (docs/decisions/0028).
    """
    texts = [(place, quantity) for place, _, quantity in (text.rpartition(":") for text in query.getlist("typed"))]
    found = dict(texts) | dict(zip(query.getlist("box"), query.getlist("quantity"), strict=False))
    kept = [(place, quantity.strip()) for place, quantity in found.items()][:MOST_ROWS]
    return tuple((place, quantity) for place, quantity in kept if _NUMBER.fullmatch(quantity) and _is_place(place))


def _is_place(text: str) -> bool:
    state, _, county = text.partition(",")
    return not text or (state in STATES and (not county or county_meant(state, county) == county))
