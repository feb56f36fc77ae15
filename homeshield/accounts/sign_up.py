"""A module of its own, because allauth's forms import it."""

from django import forms
from django.http import HttpRequest

from homeshield.accounts.errors import AccountRefused
from homeshield.accounts.models import User
from homeshield.accounts.services import company_check


class CompanyForm(forms.Form):
    field_order = ("company", "email", "password1", "password2")

    company = forms.CharField(
        label="Company name",
        max_length=200,
        error_messages={"required": "Enter your company’s name. We sell leads to companies only."},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def clean_company(self) -> str:
        try:
            return company_check(self.cleaned_data["company"])
        except AccountRefused as refusal:
            raise forms.ValidationError(refusal.message) from refusal

    def signup(self, request: HttpRequest, user: User) -> None:
        """Required by allauth. AccountAdapter.save_user does the work."""
