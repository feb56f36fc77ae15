"""What buyers send to their order."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from homeshield.lib.number_fields import DecimalNumberField, WholeNumberField
from inventory.facts.criteria import MAX_QUANTITY
from inventory.forms import CriteriaForm

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
    """What was sent for a line and is no quantity, and why."""

    sent: str
    message: str


class QuantitiesForm(forms.Form):
    """Quantities for lines: a field `quantity-<line id>` for each that was sent, each right or wrong by itself; and the
    version of the draft that the page showed, where it is to be that one."""

    version = WholeNumberField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        for name in data:
            if name.startswith(_QUANTITY_OF) and _line_id(name):
                self.fields[name] = _quantity_field()

    @property
    def quantities(self) -> dict[UUID, int]:
        """Those that are right, by the ids of their lines."""
        self.is_valid()
        return {line_id: self.cleaned_data[name] for name, line_id in self._sent if name in self.cleaned_data}

    @property
    def wrong(self) -> dict[UUID, WrongQuantity]:
        """Those that are not."""
        return {
            line_id: WrongQuantity(sent=self.data[name], message=str(self.errors[name][0]))
            for name, line_id in self._sent
            if name in self.errors
        }

    @property
    def _sent(self) -> list[tuple[str, UUID]]:
        return [(name, line_id) for name in self.fields if (line_id := _line_id(name))]


_QUANTITY_OF = "quantity-"


def _line_id(name: str) -> UUID | None:
    try:
        return UUID(name.removeprefix(_QUANTITY_OF))
    except ValueError:
        return None


class LineForm(CriteriaForm):
    """A line to order: the criteria that the page shows, hidden, and a quantity."""

    quantity = _quantity_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in CriteriaForm.base_fields:
            self.fields[name].widget = forms.HiddenInput()
        for name in ("classification", "age_bucket"):
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = "Pick a class and an age first."

    @property
    def criteria_errors(self) -> list[str]:
        """What is wrong with the hidden part, each said once."""
        return list(dict.fromkeys(str(text) for name in CriteriaForm.base_fields for text in self.errors.get(name, [])))


class BuyForm(forms.Form):
    """The order exactly as the page showed it."""

    draft_id = forms.UUIDField()
    version = WholeNumberField()
    expected_total = DecimalNumberField(max_digits=12, decimal_places=2)
