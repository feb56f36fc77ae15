"""What the audit record holds, as tests compare it."""

from typing import Any

from homeshield.audit.models import AuditEvent


def told() -> list[tuple[str, str, str, dict[str, Any]]]:
    """All events, the oldest first: what, how it ended, who, and the details."""
    return list(AuditEvent.objects.order_by("id").values_list("action", "outcome", "actor", "details"))


def only(action: str) -> AuditEvent:
    """The one event of this kind."""
    return AuditEvent.objects.get(action=action)
