from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models
from django.forms import BooleanField, ChoiceField, Form, ModelChoiceField, ModelMultipleChoiceField
from django.http import HttpRequest

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import Detail, Details, audit_record


class RecordedEdits:
    """For ModelAdmins that write without services, which record for themselves.

    Records the changed fields; values only for switches, choices, references and permissions, never typed text.
    """

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        request._recorded_changes = _changes(form)  # type: ignore[attr-defined]  # read by _record
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        _record(AuditAction.ADMIN_ADD, request, obj, message)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        _record(AuditAction.ADMIN_CHANGE, request, obj, message)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[models.Model]) -> Any:
        for obj in queryset:
            _record(AuditAction.ADMIN_DELETE, request, obj, "")
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def _record(action: AuditAction, request: HttpRequest, obj: models.Model, message: Any) -> None:
    audit_record(
        action=action,
        obj=obj,
        client_id=client_of(obj),
        details={"fields": _fields(message)} | getattr(request, "_recorded_changes", {}),
        as_of=getattr(request, "as_of", None),
    )


def client_of(obj: models.Model) -> UUID | None:
    """Returns the client itself or the one the row references."""
    client_id = obj.pk if obj._meta.label_lower == "accounts.client" else getattr(obj, "client_id", None)
    return client_id if isinstance(client_id, UUID) else None


def _fields(message: Any) -> list[str]:
    """The field names in Django's change message; inline rows prefix their model."""
    parts = [part for one in message for part in one.values()] if isinstance(message, list) else []
    return [f"{part['name']}: {name}" if "name" in part else name for part in parts for name in part.get("fields", [])]


def _changes(form: Form) -> Details:
    changes: dict[str, Detail] = {}
    for name in form.changed_data:
        field, before, after = form.fields.get(name), form.initial.get(name), form.cleaned_data.get(name)
        match field:
            case ModelMultipleChoiceField():
                was, now = _natural(before or ()), _natural(after or ())
                changes[name] = {"added": sorted(now - was), "removed": sorted(was - now)}
            case ModelChoiceField():
                changes[name] = {"was": _key(before), "is": _key(after)}
            case BooleanField():
                changes[name] = {"was": bool(before), "is": bool(after)}
            case ChoiceField():
                changes[name] = {"was": str(before), "is": str(after)}
    return {"changes": changes} if changes else {}


def _natural(rows: Iterable[Any]) -> set[str]:
    """By name, such as `pricing.add_pricerule`: ids differ between databases."""
    return {".".join(map(str, reversed(row.natural_key()[:2]))) for row in rows}


def _key(value: Any) -> str | None:
    key = value.pk if isinstance(value, models.Model) else value
    return None if key is None else str(key)
