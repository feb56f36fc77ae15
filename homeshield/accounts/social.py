from typing import Any, override

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest


class SocialAdapter(DefaultSocialAccountAdapter):
    """Saves a sign-up in one transaction. Credentials come only from settings, so the sign-in page needs no query."""

    @override
    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        from allauth.socialaccount.models import SocialApp  # this module loads before the models

        apps = [
            SocialApp(provider=name, settings={}, **app)
            for name, provider_settings in settings.SOCIALACCOUNT_PROVIDERS.items()
            for app in provider_settings["APPS"]
        ]
        return [app for app in apps if provider in (None, app.provider) and client_id in (None, app.client_id)]

    @override
    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> AbstractBaseUser:
        with transaction.atomic():
            user: AbstractBaseUser = super().save_user(request, sociallogin, form)
        return user
