from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest


def account_settings(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - a context processor's signature
    return {
        "needs_approval": settings.CLIENTS_NEED_APPROVAL,
        "staff_need_second_factor": settings.STAFF_NEED_SECOND_FACTOR,
        "has_terms": bool(settings.TERMS_TEXT),
        "has_privacy_policy": bool(settings.PRIVACY_TEXT),
        "social_sign_in": apps.is_installed("allauth.socialaccount"),
    }
