"""What the shop decides where django-allauth asks."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from homeshield.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Buyers' accounts are made by operators (`manage.py create_client`), so nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The user whose password it is, by the own address or a verified one: allauth takes any that was added."""
        user: User | None = super().authenticate(request, **credentials)
        email = credentials.get("email", "").lower()
        if user is None or email == user.email or EmailAddress.objects.filter(user=user, email=email, verified=True):
            return user
        user_login_failed.send(sender=__name__, credentials={"email": email}, request=request)
        return None
