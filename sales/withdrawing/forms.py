"""What staff say when they withdraw leads, or take that back."""

from typing import Any
from uuid import UUID

from django import forms

from inventory.withholding.models import BY_HAND, LONGEST_NOTE, Reason

MOST_LEADS = 2_000
"""On one page. A load has a number, and a command takes a file of any length."""

MOST_DIGITS = 18
"""Of a load's number: more do not fit the database's type."""

NOTE_HELP = "Say why. Kept permanently, so name no person."


def _note() -> forms.CharField:
    return forms.CharField(max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3}), help_text=NOTE_HELP)


class WithdrawForm(forms.Form):
    """Either leads or a load. A load is withdrawn because it is bad, whatever the reason says."""

    leads = forms.CharField(
        required=False,
        max_length=MOST_LEADS * 40,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Ids of leads, one in each line.",
    )
    load = forms.CharField(required=False, max_length=MOST_DIGITS, help_text="Or the number of a whole load.")
    reason = forms.TypedChoiceField(
        choices=[("", "Choose"), *((reason.value, reason.label) for reason in BY_HAND)],
        coerce=Reason,
        empty_value=None,
        help_text=(
            "A dead number and a wrong person take all leads of the number with each. Whoever asks not to be sold, or "
            "to be erased, is opted out under Opt-outs."
        ),
    )
    note = _note()

    def clean_leads(self) -> list[UUID]:
        texts = self.cleaned_data["leads"].split()
        if len(texts) > MOST_LEADS:
            raise forms.ValidationError(f"Name {MOST_LEADS:,} leads at most, or use manage.py withdraw_leads.")
        try:
            return sorted({UUID(text) for text in texts})
        except ValueError:
            raise forms.ValidationError("Name leads by their ids, and nothing else.") from None

    def clean_load(self) -> int | None:
        text = self.cleaned_data["load"].strip()
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()):
            raise forms.ValidationError("A load has a number, such as 12.")
        return int(text)

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if {"leads", "load"} <= said.keys() and bool(said["leads"]) == (said["load"] is not None):
            raise forms.ValidationError("Name leads or a load.")
        if said.get("load") is not None and said.get("reason") not in {None, Reason.BAD_LOAD}:
            self.add_error("reason", "A whole load is withdrawn because it is bad. Name its leads for another reason.")
        return said


class TakeBackForm(forms.Form):
    note = _note()
