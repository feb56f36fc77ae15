"""Shorthand for money in tests."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import connection

from homeshield.accounts.models import Client
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import ClientAccount, LedgerLeg
from homeshield.billing.ledger.services import ledger_record

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def pay_in(client: Client, amount: str, *, as_of: datetime = NOON) -> UUID:
    """A payment that counts."""
    return ledger_record(kind=Kind.PAYMENT, client_id=client.id, source_id=uuid4(), amount=Decimal(amount), as_of=as_of)


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
