from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from homeshield.billing.ledger.models import ClientAccount


@dataclass(frozen=True, slots=True)
class Balance:
    """In USD. `credit_limit` and `available` are None for a client on account: it has no limit."""

    balance: Decimal
    credit_limit: Decimal | None

    @property
    def available(self) -> Decimal | None:
        """What orders may cost now; below zero where a dispute or a refund took more than was there."""
        return None if self.credit_limit is None else self.balance + self.credit_limit

    def missing(self, total: Decimal) -> Decimal:
        """How much an order of `total` lacks; zero if it is covered."""
        return Decimal("0.00") if self.available is None else max(total - self.available, Decimal("0.00"))


def balance_of(client_id: UUID) -> Balance:
    """Reads one row. Raises ClientAccount.DoesNotExist for a client of whom nobody knows."""
    account = ClientAccount.objects.only("balance", "credit_limit").get(client_id=client_id)
    return Balance(account.balance, account.credit_limit)
