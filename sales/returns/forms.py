"""The forms of returns, for buyers and for staff."""

from typing import Any, override

from django import forms
from django.core.exceptions import ValidationError

from sales.returns.csv_lines import Lines, lines_read
from sales.returns.errors import UnreadableReturns
from sales.returns.models import LONGEST_NOTE, ReturnReason

MOST_PASTED = 200_000
"""Characters, and bytes of what the page asks about once more. Below Django's limit for a form's fields."""


class ReturnForm(forms.Form):
    """Why the selected leads are returned: one reason for all of them."""

    reason = forms.TypedChoiceField(
        label="What is wrong with them?",
        choices=ReturnReason,
        coerce=ReturnReason,
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a reason.", "invalid_choice": "Choose one of these reasons."},
    )
    note = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        label="Note",
        help_text="Optional. Our staff read it if the return waits for review.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReturnsUploadForm(forms.Form):
    """Returns as a file or as pasted text. `cleaned_data["lines"]` is what they hold."""

    file = forms.FileField(
        required=False,
        label="File",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=MOST_PASTED,
        label="Or paste the lines",
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file, text = cleaned.get("file"), cleaned.get("text", "")
        if self.errors:
            return cleaned
        if bool(file) == bool(text.strip()):
            raise ValidationError("Choose a file or paste the lines, one of the two.")
        try:
            cleaned["lines"] = self._lines(file.read() if file else text.encode("utf-8", "replace"))
        except UnreadableReturns as refusal:
            self.add_error("file" if file else "text", refusal.message)
        return cleaned

    @staticmethod
    def _lines(data: bytes) -> Lines:
        lines = lines_read(data)
        if len(lines.as_text.encode("utf-8", "replace")) > MOST_PASTED:
            raise UnreadableReturns(reason="The notes are too long altogether. Split the file into smaller ones.")
        return lines


class DecisionForm(forms.Form):
    """What staff say to the buyer when they decide a return."""

    word = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        label="Word to the buyer",
        help_text="The buyer reads it on its page and is told by mail. Needed to refuse. Name no person.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
