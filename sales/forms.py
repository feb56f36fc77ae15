"""What buyers send to their order."""

from typing import Any

from django import forms

from inventory.criteria import MAX_QUANTITY
from inventory.forms import CriteriaForm

_RANGE = f"A line has 1 to {MAX_QUANTITY:,} leads."


def _quantity_field() -> forms.IntegerField:
    return forms.IntegerField(
        label="How many leads",
        min_value=1,
        max_value=MAX_QUANTITY,
        error_messages={
            "required": f"Say how many: {_RANGE[0].lower()}{_RANGE[1:]}",
            "invalid": "Give a whole number, such as 25.",
            "min_value": _RANGE,
            "max_value": _RANGE,
        },
    )


class QuantityForm(forms.Form):
    """Another quantity for a line."""

    quantity = _quantity_field()


class LineForm(CriteriaForm):
    """A line to order: the criteria that the page shows, hidden, and a quantity."""

    quantity = _quantity_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in CriteriaForm.base_fields:
            self.fields[name].widget = forms.HiddenInput()
        for name in ("classification", "age_bucket"):
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = "Choose a class and an age: a line has one of each."

    @property
    def criteria_errors(self) -> list[str]:
        """What is wrong with the hidden part, each said once."""
        return list(dict.fromkeys(str(text) for name in CriteriaForm.base_fields for text in self.errors.get(name, [])))


class BuyForm(forms.Form):
    """The order exactly as the page showed it."""

    draft_id = forms.UUIDField()
    version = forms.IntegerField()
    expected_total = forms.DecimalField(max_digits=12, decimal_places=2)
