from collections.abc import Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from homeshield.accounts.company_names import name_for_mail
from homeshield.accounts.errors import AccountRefused
from homeshield.accounts.models import Client, ClientChange, User
from homeshield.accounts.owner_mail import owners_mail
from homeshield.accounts.permissions import ClientStatus
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.states import STATES


def client_standing_change(
    *, client_id: UUID, status: ClientStatus, licensed_states: Iterable[str], reason: str, by: User, as_of: datetime
) -> ClientChange | None:
    """Sets status and licensed states (none means all). Returns None if nothing changes.

    Waits for running purchases; later ones see the new standing. Raises AccountRefused.
    """
    states, reason = sorted(set(licensed_states)), reason.strip()
    if unknown := [state for state in states if state not in STATES]:
        raise AccountRefused(
            field="licensed_states", reason=f"There is no state {', '.join(unknown)}. Use codes such as LA and TX."
        )
    if not reason:
        raise AccountRefused(field="reason", reason="Say why: whoever reads this in a year will ask.")
    with transaction.atomic():
        client = Client.objects.select_for_update().get(id=client_id)
        was = (client.status, client.licensed_states)
        if was == (status, states):
            return None
        client.status, client.licensed_states = status, states
        client.save(update_fields=["status", "licensed_states"])
        change = ClientChange.objects.create(
            client=client, changed_at_utc=as_of, changed_by=by, status=status, licensed_states=states, reason=reason
        )
        if was[0] != status:
            audit_record(
                action=AuditAction.CLIENT_STATUS, obj=client, client_id=client.id,
                details={"was": was[0], "is": status}, as_of=as_of,
            )  # fmt: skip
        if was[1] != states:
            audit_record(
                action=AuditAction.CLIENT_CHANGE, obj=client, client_id=client.id,
                details={"licensed_states": {"was": was[1], "is": states}}, as_of=as_of,
            )  # fmt: skip
        if (was[0], status) == (ClientStatus.PENDING, ClientStatus.ACTIVE):
            mail = partial(
                owners_mail, client_id=client.id, subject="Your company is approved",
                template="accounts/email/client_approved.txt", context={"company": name_for_mail(client.name)},
            )  # fmt: skip
            transaction.on_commit(mail, robust=True)
    return change
