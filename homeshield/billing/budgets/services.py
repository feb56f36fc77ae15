from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.budgets.models import Budget


def budget_set(
    *, client_id: UUID, amount: Decimal | None, as_of: datetime, user_id: UUID | None = None, key_id: UUID | None = None
) -> Budget:
    """Sets what a user or a key of the client may spend in each month (USD); None means without a limit.

    What it ordered in this month already counts. The caller has found the user or the key at the client.
    """
    with transaction.atomic():
        whose = {"user_id": user_id} if user_id else {"api_key_id": key_id}
        budget, is_new = Budget.objects.get_or_create(
            client_id=client_id, **whose, defaults={"amount": amount, "set_at_utc": as_of}
        )
        if not is_new and budget.amount == amount:
            return budget
        if not is_new:
            budget.amount, budget.set_at_utc = amount, as_of
            budget.save(update_fields=["amount", "set_at_utc"])
        audit_record(
            action=AuditAction.BUDGET_SET,
            obj=budget,
            client_id=client_id,
            details={"user": user_id, "api_key": key_id, "amount": amount},
            as_of=as_of,
        )
    return budget
