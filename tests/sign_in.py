"""Signing in as people do: by the form. (`force_login` leaves no trace of how, which some pages ask for.)"""

from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import User
from tests.factories import PASSWORD


def sign_in(browser: Browser, user: User, password: str = PASSWORD) -> bool:
    """Whether the browser is signed in after it has sent the form."""
    browser.post(reverse("account_login"), {"login": user.email, "password": password})
    return "_auth_user_id" in browser.session
