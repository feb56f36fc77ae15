"""The forms with which staff make and change users."""

from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm

from homeshield.accounts.errors import TooManyKeys
from homeshield.accounts.keys import require_room
from homeshield.accounts.models import ApiKey, Client, User


class _EmailInLowerCase(forms.ModelForm):  # type: ignore[type-arg]
    """Keeps addresses in lower case, and free of those that another user signs in with."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if EmailAddress.objects.filter(email=email, verified=True).exclude(user_id=self.instance.pk).exists():
            raise forms.ValidationError("Another user has this e-mail address.", code="unique")
        return email


class UserCreationForm(_EmailInLowerCase, BaseUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "client", "role", "is_staff")


class UserChangeForm(_EmailInLowerCase, DjangoUserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = (
            "email",
            "password",
            "client",
            "role",
            "is_active",
            "is_staff",
            "is_superuser",
            "groups",
            "user_permissions",
        )


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """The name of a new API key."""

    class Meta:
        model = ApiKey
        fields = ("name",)
        labels = {"name": "Name"}
        error_messages = {"name": {"required": "Give the key a name, so that you know later what uses it."}}


class KeyAdminForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new API key, made by staff for a client."""

    class Meta:
        model = ApiKey
        fields = ("client", "name")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not name.isprintable():
            raise forms.ValidationError("A name has no line breaks or control characters.")
        return name

    def clean_client(self) -> Client:
        client: Client = self.cleaned_data["client"]
        try:
            require_room(client.id)
        except TooManyKeys as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return client
