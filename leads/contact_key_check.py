"""Whether CONTACT_KEY is the one with which the kept keys were made.

With another one every number would have a new key: nobody would be known again, neither who was bought before nor who
has opted out. So the database keeps a digest that only the right one gives.
"""

import hmac
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from homeshield.lib.errors import DomainError
from homeshield.lib.table_rules import APPEND, TableRules

_SAID = b"HomeShield: is this the CONTACT_KEY?"


class ContactKeyChanged(DomainError):
    """CONTACT_KEY is not the one with which the kept keys were made. Nothing was changed."""

    code, status, title = "contact_key_changed", 503, "Wrong CONTACT_KEY"
    sentence = (
        "CONTACT_KEY is not the one that made the keys in this database. Set it to the earlier one: with another, "
        "nobody who opted out or was sold before would be recognized (docs/security.md)."
    )


class ContactKeyCheck(models.Model):
    """One row, from the first key on."""

    ONLY: ClassVar[int] = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    digest = models.UUIDField()
    since_utc = models.DateTimeField(db_default=Now())

    table_rules = TableRules(web_may=APPEND)

    class Meta:
        db_table = "contact_key_check"
        constraints = [
            models.CheckConstraint(
                name="contact_key_is_one",
                condition=Q(id=1),
                violation_error_message="There is one CONTACT_KEY.",
            )
        ]

    def __str__(self) -> str:
        return f"since {self.since_utc}"


def contact_key_confirm() -> None:
    """To be called before keys are written: the first time it notes which CONTACT_KEY made them.

    Raises ContactKeyChanged where the setting is another one since.
    """
    ContactKeyCheck.objects.bulk_create([ContactKeyCheck(digest=_digest())], ignore_conflicts=True)
    contact_key_check()


def contact_key_check() -> None:
    """Raises ContactKeyChanged where keys are kept that another CONTACT_KEY made. Writes nothing."""
    kept = ContactKeyCheck.objects.values_list("digest", flat=True).first()
    if kept is not None and kept != _digest():
        raise ContactKeyChanged


def _digest() -> UUID:
    return UUID(bytes=hmac.digest(settings.CONTACT_KEY.encode(), _SAID, "sha256")[:16])
