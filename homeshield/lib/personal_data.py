"""Which fields hold personal data. Lists, logs, staff pages and exports rely on it.

Models mark fields with `homeowner(...)` or `account(...)`, and list the others in `not_personal`. A test fails for any
unmarked text field.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from django.apps import apps

if TYPE_CHECKING:
    from django.db.models import Field, Model


class About(Enum):
    HOMEOWNER = auto()
    """The people whose inquiries are sold. Only for the buyer, and for staff on the lead's own page."""
    ACCOUNT = auto()
    """Our users. Only for themselves, their company's owners and staff."""
    NOBODY = auto()


def homeowner[F: "Field[Any, Any]"](field: F) -> F:
    """Marks a field that must not be in a list, log, message or URL."""
    field.about = About.HOMEOWNER  # type: ignore[attr-defined]
    return field


def account[F: "Field[Any, Any]"](field: F) -> F:
    """Marks a field that must not be in a log, message or URL."""
    field.about = About.ACCOUNT  # type: ignore[attr-defined]
    return field


LIBRARY_ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    "accounts.User": ("password",),  # Django's field
    "account.EmailAddress": ("email",),
    "account.EmailConfirmation": ("key",),
    "mfa.Authenticator": ("data",),
    "sessions.Session": ("session_key", "session_data"),
    "usersessions.UserSession": ("ip", "session_key", "user_agent", "data"),
    "admin.LogEntry": ("object_repr",),
    "socialaccount.SocialAccount": ("uid", "extra_data"),
    "socialaccount.SocialToken": ("token", "token_secret"),
}

LIBRARY_NOT_PERSONAL: Mapping[str, tuple[str, ...]] = {
    "admin.LogEntry": ("object_id", "change_message"),
    "auth.Permission": ("name", "codename"),
    "auth.Group": ("name",),
    "django_tasks_database.DBTaskResult": (  # see homeshield/lib/tasks.py
        *("task_path", "queue_name", "backend_name", "args_kwargs", "worker_ids"),
        *("return_value", "exception_class_path", "traceback"),
    ),
    "contenttypes.ContentType": ("app_label", "model"),
    "socialaccount.SocialAccount": ("provider",),
    "socialaccount.SocialApp": ("provider", "provider_id", "name", "client_id", "secret", "key", "settings"),
}


def fields_about(model: "type[Model]", about: About) -> frozenset[str]:
    label = model._meta.label
    marked = {field.name for field in model._meta.concrete_fields if getattr(field, "about", None) is about}
    if about is About.ACCOUNT:
        marked.update(LIBRARY_ACCOUNTS.get(label, ()))
    if about is About.NOBODY:
        marked.update(getattr(model, "not_personal", ()), LIBRARY_NOT_PERSONAL.get(label, ()))
    return frozenset(marked)


def homeowner_fields() -> frozenset[str]:
    """Raises AppRegistryNotReady before models are loaded."""
    return frozenset().union(*(fields_about(model, About.HOMEOWNER) for model in apps.get_models()))
