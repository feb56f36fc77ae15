"""How the cart's order would be paid, as the page shows it before Buy is pressed. Buying asks again."""

from dataclasses import dataclass
from decimal import Decimal

from homeshield.accounts.models import User
from homeshield.billing.budgets.selectors import budget_left
from homeshield.billing.ledger.selectors import Balance, balance_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPayment:
    """Amounts in USD. `budget_left` is the user's for this month (UTC), None without a budget."""

    total: Decimal
    account: Balance
    budget_left: Decimal | None

    @property
    def balance_after(self) -> Decimal:
        return self.account.balance - self.total

    @property
    def missing(self) -> Decimal:
        """What must be paid in before; zero if the order is covered."""
        return self.account.missing(self.total)

    @property
    def over_budget(self) -> Decimal:
        """By how much; zero if the order is within it."""
        return Decimal("0.00") if self.budget_left is None else max(self.total - self.budget_left, Decimal("0.00"))

    @property
    def is_covered(self) -> bool:
        return not (self.missing or self.over_budget)


def draft_payment(*, user: User, total: Decimal) -> DraftPayment:
    """Returns what an order of `total` USD does to the user's money."""
    assert user.client_id is not None
    return DraftPayment(
        total=total,
        account=balance_of(user.client_id),
        budget_left=budget_left(client_id=user.client_id, user_id=user.id),
    )
