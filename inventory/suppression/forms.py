"""The forms of suppression lists."""

from typing import Any, override

from django import forms
from django.core.exceptions import ValidationError

from inventory.suppression.errors import UnreadableUpload
from inventory.suppression.models import LONGEST_NAME
from inventory.suppression.recognition import Recognised, recognise
from inventory.suppression.uploads import KeyedFile

REPEATED = {"required": "Give the list a name, so you know later what it is for."}


class UploadForm(forms.Form):
    """A list as a file, or as pasted text. Neither is kept."""

    file = forms.FileField(
        required=False,
        label="File",
        help_text="CSV or plain text, any layout. Phone numbers, or their SHA-256 in hexadecimal or Base64. "
        "Up to a million.",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/plain,text/csv"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or paste them",
        help_text="Up to about 15,000. Use a file for more.",
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
    )

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file, text = cleaned.get("file"), cleaned.get("text", "")
        if self.errors:
            return cleaned
        if bool(file) == bool(text.strip()):
            raise ValidationError("Choose a file or paste a list, one of the two.")
        try:
            cleaned["recognised"] = self._recognised(file, text)
        except UnreadableUpload as refusal:
            self.add_error("file" if file else "text", refusal.message)
        return cleaned

    @staticmethod
    def _recognised(file: KeyedFile | None, text: str) -> Recognised:
        return file.recognised if file else recognise(text.encode())


class NewListForm(UploadForm):
    """A list that does not exist yet."""

    name = forms.CharField(max_length=LONGEST_NAME, label="Name", error_messages=REPEATED)

    field_order = ["name", "file", "text"]


class MoreForm(UploadForm):
    """Entries for a list that is there."""

    replaces = forms.TypedChoiceField(
        label="What happens to the list’s other entries?",
        choices=[("no", "They stay: add to the list"), ("yes", "They go: replace the list")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        initial="no",
        widget=forms.RadioSelect,
    )

    field_order = ["file", "text", "replaces"]


class ListForm(forms.Form):
    """A list's name and last day."""

    name = forms.CharField(max_length=LONGEST_NAME, label="Name", error_messages=REPEATED)
    ends_on = forms.DateField(
        required=False,
        label="Last day",
        help_text="The list counts through this day (UTC). Leave it empty for no end.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
