from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, override
from uuid import UUID

from django import forms
from django.http import QueryDict

from homeshield.lib.number_fields import DecimalNumberField, WholeNumberField
from inventory.county_names import county_meant
from inventory.facts.criteria import MAX_QUANTITY, Criteria
from inventory.facts.place import EVERYWHERE
from inventory.facts.territory import Territory
from inventory.forms import CriteriaForm
from leads.geography import STATES

_RANGE = f"A line has 1 to {MAX_QUANTITY:,} leads."


def _quantity_field() -> WholeNumberField:
    return WholeNumberField(
        label="How many leads",
        min_value=1,
        max_value=MAX_QUANTITY,
        error_messages={
            "required": f"Enter how many. {_RANGE}",
            "not_whole": "Enter a whole number, such as 25.",
            "commas": "Put commas between thousands only, such as 1,000.",
            "sign": _RANGE,
            "min_value": _RANGE,
            "max_value": _RANGE,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongQuantity:
    sent: str
    message: str


class QuantitiesForm(forms.Form):
    """Fields `quantity-<line id>`, each valid or not by itself; `price-<line id>`, what the page shows for one lead;
    the version of the draft on the page, and the instant of the page.
    """

    version = WholeNumberField(required=False)
    shown_at = forms.DateTimeField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        for name in data:
            if name.startswith(_QUANTITY_OF) and _line_id(name, _QUANTITY_OF):
                self.fields[name] = _quantity_field()
            elif name.startswith(_PRICE_OF) and _line_id(name, _PRICE_OF):
                self.fields[name] = DecimalNumberField(max_digits=12, decimal_places=2)

    @property
    def quantities(self) -> dict[UUID, int]:
        """The valid ones, by line id."""
        self.is_valid()
        return {line_id: self.cleaned_data[name] for name, line_id in self._sent if name in self.cleaned_data}

    @property
    def prices(self) -> dict[UUID, Decimal]:
        """USD by line id, as the page shows them."""
        self.is_valid()
        named = [(name, _line_id(name, _PRICE_OF)) for name in self.fields]
        return {line_id: self.cleaned_data[name] for name, line_id in named if line_id and name in self.cleaned_data}

    def seen_at(self, as_of: datetime) -> datetime | None:
        """The instant of the page that sent this; None if it says none that lies in the past."""
        self.is_valid()
        shown_at: datetime | None = self.cleaned_data.get("shown_at")
        return shown_at if shown_at and shown_at <= as_of else None

    @property
    def stepped(self) -> dict[UUID, int]:
        """The same after the press of a button: `step` is a line's id, and by how much."""
        quantities = self.quantities
        line, _, by = self.data.get("step", "").partition(" ")
        if (line_id := _line_id(line, "")) in quantities and by in ("1", "-1"):
            assert line_id is not None
            quantities[line_id] = min(max(1, quantities[line_id] + int(by)), MAX_QUANTITY)
        return quantities

    @property
    def shown_version(self) -> int | None:
        self.is_valid()
        version: int | None = self.cleaned_data.get("version")
        return version

    @property
    def wrong(self) -> dict[UUID, WrongQuantity]:
        """The invalid ones."""
        return {
            line_id: WrongQuantity(sent=self.data[name], message=str(self.errors[name][0]))
            for name, line_id in self._sent
            if name in self.errors
        }

    @property
    def _sent(self) -> list[tuple[str, UUID]]:
        return [(name, line_id) for name in self.fields if (line_id := _line_id(name, _QUANTITY_OF))]


_QUANTITY_OF = "quantity-"
_PRICE_OF = "price-"


def _line_id(name: str, prefix: str) -> UUID | None:
    try:
        return UUID(name.removeprefix(prefix)) if name.startswith(prefix) else None
    except ValueError:
        return None


class LineForm(CriteriaForm):
    """A line to order. A territory comes as the text that its criteria give a form."""

    quantity = _quantity_field()
    territory = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("classification", "age_bucket"):
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = "Pick a class and an age first."

    def clean_territory(self) -> Territory | None:
        try:
            territory = Territory.of_text(self.cleaned_data["territory"]) if self.cleaned_data["territory"] else None
        except ValueError:
            raise forms.ValidationError("These places are not a territory. Choose them again.") from None
        for place in territory.places if territory else ():
            state, county = place.state, place.county
            if state is None or state not in STATES or (county is not None and county_meant(state, county) is None):
                raise forms.ValidationError("We don’t know one of these places. Choose them again.")
        return territory

    @property
    @override
    def criteria(self) -> Criteria:
        criteria = super().criteria
        territory = self.cleaned_data.get("territory")
        return replace(criteria, place=EVERYWHERE, territory=territory) if territory else criteria


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A box for a quantity. `place` is as `Place.as_text` writes it; `error` says what is wrong with what was typed."""

    place: str
    typed: str
    line: tuple[Criteria, int] | None = None
    error: str = ""


MOST_ROWS = 60
"""More than a cart has lines, so that it is the cart that says so."""


class LinesForm:
    """Quantities of one class and age for several places: `box`, a place, and `quantity`, as often as there are boxes.
    A single place may be named as an address does, by `state` and `county`; a territory by its text.

    Where there are several boxes, an empty one asks for nothing.
    """

    def __init__(self, data: QueryDict) -> None:
        places = data.getlist("box") or [",".join(filter(None, (data.get("state"), data.get("county"))))]
        boxes = list(zip(places, data.getlist("quantity"), strict=False))[:MOST_ROWS]
        self.rows = [self._row(data, place, typed, may_be_empty=len(boxes) > 1) for place, typed in boxes]

    @staticmethod
    def _row(data: QueryDict, place: str, typed: str, *, may_be_empty: bool) -> PlaceRow:
        if may_be_empty and not typed.strip():
            return PlaceRow(place, typed)
        state, _, county = place.partition(",")
        asked = {name: data.get(name, "") for name in ("classification", "age_bucket", "territory")}
        form = LineForm({**asked, "state": state, "county": county, "quantity": typed})
        if form.is_valid():
            return PlaceRow(place, typed, (form.criteria, form.cleaned_data["quantity"]))
        return PlaceRow(place, typed, error=str(next(iter(form.errors.values()))[0]))

    @property
    def lines(self) -> list[tuple[Criteria, int]]:
        return [row.line for row in self.rows if row.line]

    @property
    def wrong(self) -> dict[str, str]:
        """What is wrong, by place."""
        return {row.place: row.error for row in self.rows if row.error}

    @property
    def typed(self) -> dict[str, str]:
        return {row.place: row.typed for row in self.rows}


class BuyForm(forms.Form):
    """The order exactly as the page showed it."""

    draft_id = forms.UUIDField()
    version = WholeNumberField()
    expected_total = DecimalNumberField(max_digits=12, decimal_places=2)
    discount_code = forms.CharField(max_length=32, required=False)
