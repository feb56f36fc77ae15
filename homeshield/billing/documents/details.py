"""A client's billing details, as its owners keep them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.documents.models import BillingDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What documents say of a client; `mail_to` are the addresses that get them."""

    legal_name: str = ""
    address: str = ""
    tax_id: str = ""
    mail_to: tuple[str, ...] = ()


def details_of(client_id: UUID) -> Details:
    """Empty where nobody gave any."""
    found = BillingDetails.objects.filter(client_id=client_id).first()
    if found is None:
        return Details()
    return Details(
        legal_name=found.legal_name, address=found.address, tax_id=found.tax_id, mail_to=tuple(found.mail_to)
    )


def details_change(*, client_id: UUID, details: Details, by: User, as_of: datetime) -> bool:
    """Keeps new details, for documents from now on. Returns whether anything changed.

    The audit record names the fields, not what they hold: a sole trader's address is personal.
    """
    with transaction.atomic():
        before = details_of(client_id)
        changed = [name for name in Details.__slots__ if getattr(before, name) != getattr(details, name)]
        if not changed:
            return False
        BillingDetails.objects.update_or_create(
            client_id=client_id,
            defaults={
                "legal_name": details.legal_name,
                "address": details.address,
                "tax_id": details.tax_id,
                "mail_to": list(details.mail_to),
                "changed_at_utc": as_of,
                "changed_by": by,
            },
        )
        audit_record(
            action=AuditAction.BILLING_DETAILS,
            obj=("billing.billingdetails", client_id),
            client_id=client_id,
            details={"changed": changed, "addresses": len(details.mail_to)},
            as_of=as_of,
        )
    return True
