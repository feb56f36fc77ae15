"""Shorthand for money in tests."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import connection

from homeshield.accounts.models import Client
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import ClientAccount, LedgerLeg, LedgerTransaction
from homeshield.billing.payments.services import transfer_record

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def pay_in(client: Client, amount: str, *, as_of: datetime = NOON) -> UUID:
    """A transfer that staff recorded. Returns the id of its transaction."""
    paid = transfer_record(client_id=client.id, amount=Decimal(amount), reference=uuid4().hex, by=None, as_of=as_of)
    return LedgerTransaction.objects.get(kind=Kind.PAYMENT, source_id=paid.id).id


def balance(client: Client) -> float:
    """In dollars, to compare with a number."""
    return float(ClientAccount.objects.get(client=client).balance)


def history(client: Client) -> list[tuple[int | None, str, Decimal, Decimal | None]]:
    """A client's legs in their order: number, kind, amount, balance after it."""
    legs = LedgerLeg.objects.filter(client=client).order_by("entry")
    return list(legs.values_list("entry", "kind", "amount", "balance_after"))


def commit() -> None:
    """Runs what waits for the commit, as a commit would."""
    connection.check_constraints()
