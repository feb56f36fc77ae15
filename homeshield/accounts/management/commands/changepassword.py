"""Django's `changepassword`, recorded."""

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        # Open while the password is typed, but without lock or snapshot.
        with transaction.atomic(using=options["database"]):
            said: str | None = super().handle(*args, **options)
            user = User.objects.using(options["database"]).get(email=options["username"])
            audit_record(
                action=AuditAction.PASSWORD_CHANGE, obj=user, client_id=user.client_id, details={"by_operator": True},
                as_of=None,
            )  # fmt: skip
            return said
