"""What the audit record holds, as tests compare it."""

from typing import Any

from homeshield.accounts.models import User
from homeshield.audit.models import AuditEvent
from homeshield.lib.origin import Actor, Origin


def told() -> list[tuple[str, str, str, dict[str, Any]]]:
    """All events, the oldest first: what, how it ended, who, and the details."""
    return list(AuditEvent.objects.order_by("id").values_list("action", "outcome", "actor", "details"))


def only(action: str) -> AuditEvent:
    """The one event of this kind."""
    return AuditEvent.objects.get(action=action)


class By(Origin):
    """A page that a user has open."""

    def __init__(self, user: User) -> None:
        super().__init__(channel="page", source="a page")
        self.user = user

    @property
    def actor(self) -> Actor:
        return Actor(self.user.id, self.user.email)
