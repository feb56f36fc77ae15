from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import OperationalError, connection
from psycopg import errors as pg

from homeshield.accounts.errors import ClientMayNotBuy
from homeshield.accounts.permissions import STATUS_MAY, Act
from homeshield.billing.budgets.errors import BudgetExceeded
from homeshield.billing.budgets.selectors import BUDGET_LEFT
from homeshield.billing.ledger.errors import InsufficientFunds
from homeshield.billing.ledger.selectors import Balance
from inventory.allocation import waiting
from inventory.buyer import Buyer
from inventory.exclusion.starts import STARTS, Starts, starts_of
from pricing.discounts.codes import code_check
from pricing.discounts.prices import PriceBook
from pricing.selectors import PRICE_COLUMNS, PRICES, price_book_of
from sales.errors import Busy

_MAY_BUY = [status.value for status, acts in STATUS_MAY.items() if Act.BUY in acts]

TERMS = f"""
    SET LOCAL lock_timeout = %(lock_timeout)s;
    WITH client AS MATERIALIZED (
        SELECT status, licensed_states FROM clients WHERE id = %(client)s FOR SHARE
    )
    SELECT terms.as_of, client.status = ANY (%(may_buy)s), client.licensed_states,
           ({STARTS}), account.balance, account.credit_limit, ({BUDGET_LEFT}), {PRICE_COLUMNS}
    FROM (SELECT now() AS as_of) AS terms
    LEFT JOIN client ON true
    LEFT JOIN client_accounts account ON account.client_id = %(client)s
    {PRICES}
"""  # noqa: S608 - the text is ours
"""One message, because each round trip shows in an order of one lead. The client stays locked until commit: a status
change waits for earlier orders and stops later ones.

The lock timeout is a statement before: PostgreSQL takes the lock of the table when it reads the second one, before it
runs anything of it, and the end of a load holds the whole table.
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """The order's instant `as_of` (UTC), client, what prices it, and money as far as other orders leave it."""

    client_id: UUID
    as_of: datetime
    book: PriceBook
    buyer: Buyer
    starts: Starts
    """Where the client's picks begin."""
    balance: Balance
    budget_left: Decimal | None
    """Of the user or the key in this month, in USD; None without a budget."""

    def require_money(self, total: Decimal) -> None:
        """A kind answer, early. The ledger's trigger asks again with the account locked.

        Raises InsufficientFunds, BudgetExceeded.
        """
        if self.budget_left is not None and total > self.budget_left:
            raise BudgetExceeded(total=total, available=self.budget_left, missing=total - self.budget_left)
        if missing := self.balance.missing(total):
            assert self.balance.available is not None
            raise InsufficientFunds(total=total, available=self.balance.available, missing=missing)


def order_terms(*, client_id: UUID, user_id: UUID | None, api_key_id: UUID | None, code: str = "") -> Terms:
    """Reads the terms at the transaction time, on which all workers agree, with the discount code given.

    Raises ClientMayNotBuy, DiscountCodeRefused, and Busy if the client stays locked.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                TERMS,
                {
                    "client": client_id,
                    "user": user_id,
                    "api_key": api_key_id,
                    "may_buy": _MAY_BUY,
                    "lock_timeout": waiting.LOCK_TIMEOUT,
                    "code": code or None,
                },
            )
            cursor.nextset()  # the first answer is that of SET
            rows = cursor.fetchall()
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):
            raise Busy from error
        raise
    as_of, may_buy, licensed_states, starts, balance, credit_limit, budget_left, *_ = rows[0]
    if not may_buy:
        raise ClientMayNotBuy
    book = price_book_of([row[7:] for row in rows])
    code_check(book, code, client_id=client_id, as_of=as_of)
    return Terms(
        client_id, as_of, book, Buyer(client_id, frozenset(licensed_states)), starts_of(starts),
        Balance(balance, credit_limit), budget_left,
    )  # fmt: skip
