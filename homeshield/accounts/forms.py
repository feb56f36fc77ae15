import re

from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.password_validation import password_validators_help_text_html

from homeshield.accounts.errors import EmailTaken
from homeshield.accounts.models import ApiKey, User
from homeshield.accounts.permissions import ClientRole, ClientStatus


class _EmailInLowerCase(forms.ModelForm):  # type: ignore[type-arg]
    """Lower-cases the address and refuses another user's."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if EmailAddress.objects.filter(email=email, verified=True).exclude(user_id=self.instance.pk).exists():
            raise forms.ValidationError(EmailTaken().message, code="unique")
        return email


class UserCreationForm(_EmailInLowerCase, BaseUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "client", "role")


class UserChangeForm(_EmailInLowerCase, DjangoUserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "password", "client", "role", "is_active")


class InvitationForm(forms.Form):
    email = forms.EmailField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.TypedChoiceField(
        label="Role", choices=ClientRole.choices, coerce=ClientRole, initial=ClientRole.BUYER, empty_value=None
    )


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(choices=ClientRole.choices, coerce=ClientRole, empty_value=None)


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label="Password",
        help_text=password_validators_help_text_html(),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class StandingForm(forms.Form):
    status = forms.TypedChoiceField(choices=ClientStatus.choices, coerce=ClientStatus, empty_value=None)
    licensed_states = forms.CharField(
        required=False,
        label="Licensed states",
        help_text="Codes such as LA, TX. The company sees and buys nothing in other states. Empty means all states.",
    )
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="Kept permanently.")

    def clean_licensed_states(self) -> list[str]:
        return [code.upper() for code in re.split(r"[,;\s]+", self.cleaned_data["licensed_states"]) if code]


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiKey
        fields = ("name",)
        labels = {"name": "Name"}
        error_messages = {"name": {"required": "Give the key a name, so you know later what uses it."}}
