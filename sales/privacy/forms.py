"""Forms of opt-outs, for visitors and for staff."""

from django import forms

from leads.contact_keys import digits


class PhoneForm(forms.Form):
    """A phone number that somebody can have. `cleaned_data["phone"]` is its ten digits."""

    phone = forms.CharField(
        label="Phone number",
        max_length=40,
        help_text="Ten digits, in any form.",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "type": "tel"}),
        error_messages={"required": "Enter your phone number.", "max_length": "Enter one phone number."},
    )

    def clean_phone(self) -> str:
        number = digits(self.cleaned_data["phone"])
        if number is None:
            raise forms.ValidationError("Enter the ten digits of a US phone number, such as 202-100-0123.")
        return number


class OptOutForm(PhoneForm):
    """What a visitor asks for."""

    wants_erasure = forms.BooleanField(label="Delete what you know about me, too", required=False)


class CodeForm(forms.Form):
    """The code from the text message."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": "Enter the code from the message."},
    )


class StaffPhoneForm(PhoneForm):
    """Whom staff look for."""

    phone = forms.CharField(
        label="Phone number",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "tel"}),
        help_text="What you see next is on record: who looked, when, and at which leads.",
    )


class StaffOptOutForm(forms.Form):
    """What staff do for the person they looked up. The key is signed, so no number travels."""

    person = forms.CharField(widget=forms.HiddenInput)
    wants_erasure = forms.BooleanField(label="The person also asks to be erased", required=False)
