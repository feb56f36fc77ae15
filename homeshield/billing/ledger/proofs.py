"""What `verify_ledger` proves. Higher floors prove their own tables against the ledger in the same way."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from homeshield.billing.ledger.kinds import REVERSIBLE, SHAPES, Account, quoted

MOST_SHOWN = 20
"""Faults of one proof that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """`faults` is a SELECT of the ids of rows for which `what` does not hold."""

    what: str
    faults: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    what: str
    ids: list[str]
    """The first ones."""
    faults: int

    @property
    def holds(self) -> bool:
        return not self.faults


def ledger_prove(proofs: Sequence[Proof]) -> list[Proved]:
    """Tries all of them on one state of the database, beside orders that go on."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [proved(cursor, proof) for proof in proofs]


def proved(cursor: CursorWrapper, proof: Proof) -> Proved:
    cursor.execute(
        f"WITH fault (id) AS ({proof.faults}) SELECT count(*), (array_agg(id::text))[:{MOST_SHOWN}] FROM fault"  # noqa: S608
    )
    faults, ids = cursor.fetchone()
    return Proved(what=proof.what, ids=ids or [], faults=faults)


def _shapes() -> str:
    """VALUES of kind, account and sign: each leg that there may be, reversals aside."""
    rows = []
    for kind, shape in SHAPES.items():
        for sign in (shape.sign, -shape.sign) if shape.either_way else (shape.sign,):
            rows += [
                f"('{kind.value}', '{Account.CLIENT}', {sign})",
                f"('{kind.value}', '{shape.house.value}', {-sign})",
            ]
    return ", ".join(rows)


PROOFS = (
    Proof(
        what="each transaction has two legs that sum to zero, one of them its client's",
        faults="""
            SELECT made.id
            FROM ledger_transactions made LEFT JOIN ledger_legs leg ON leg.transaction_id = made.id
            GROUP BY made.id
            HAVING count(leg.account) <> 2 OR sum(leg.amount) <> 0 OR bool_or(leg.kind <> made.kind)
                OR count(*) FILTER (WHERE leg.account = 'client' AND leg.client_id = made.client_id) <> 1
        """,
    ),
    Proof(
        what="each leg belongs to a transaction",
        faults="""
            SELECT leg.transaction_id FROM ledger_legs leg
            WHERE NOT EXISTS (SELECT FROM ledger_transactions WHERE id = leg.transaction_id)
        """,
    ),
    Proof(
        what="each transaction has the shape of its kind",
        faults=f"""
            SELECT leg.transaction_id FROM ledger_legs leg
            WHERE leg.kind <> 'reversal'
              AND (leg.kind, leg.account, sign(leg.amount)::int) NOT IN (VALUES {_shapes()})
        """,  # noqa: S608 - the text is ours
    ),
    Proof(
        what="each reversal mirrors the transaction that it names",
        faults=f"""
            SELECT made.id
            FROM ledger_transactions made
            JOIN ledger_legs leg ON leg.transaction_id = made.id
            LEFT JOIN ledger_legs mirrored ON mirrored.transaction_id = made.source_id
                  AND mirrored.account = leg.account AND mirrored.amount = - leg.amount
                  AND mirrored.client_id IS NOT DISTINCT FROM leg.client_id
                  AND mirrored.kind IN ({quoted(REVERSIBLE)})
            WHERE made.kind = 'reversal' AND mirrored.transaction_id IS NULL
        """,  # noqa: S608
    ),
    Proof(
        what="each client has an account, and each account is a client's",
        faults="""
            SELECT coalesce(clients.id, account.client_id)
            FROM clients FULL JOIN client_accounts account ON account.client_id = clients.id
            WHERE clients.id IS NULL OR account.client_id IS NULL
        """,
    ),
    Proof(
        what="each balance is the sum of its client's legs",
        faults="""
            SELECT coalesce(account.client_id, legs.client_id)
            FROM client_accounts account
            FULL JOIN (SELECT client_id, sum(amount) AS amount, count(*) AS entries
                       FROM ledger_legs WHERE client_id IS NOT NULL GROUP BY client_id) AS legs
                   ON legs.client_id = account.client_id
            WHERE (account.balance, account.entries)
                  IS DISTINCT FROM (coalesce(legs.amount, 0), coalesce(legs.entries, 0))
        """,
    ),
    Proof(
        what="each balance after an entry follows from the one before it, without a gap",
        faults="""
            SELECT transaction_id
            FROM (
                SELECT transaction_id, entry, amount, balance_after, row_number() OVER client AS place,
                       lag(balance_after, 1, 0) OVER client AS before
                FROM ledger_legs WHERE client_id IS NOT NULL
                WINDOW client AS (PARTITION BY client_id ORDER BY entry)
            ) AS chained
            WHERE entry <> place OR balance_after <> before + amount
        """,
    ),
    Proof(
        what="each credit limit is the one that was granted last",
        faults="""
            SELECT account.client_id
            FROM client_accounts account
            LEFT JOIN LATERAL (SELECT credit_limit, true AS granted FROM credit_limit_changes change
                               WHERE change.client_id = account.client_id ORDER BY id DESC LIMIT 1) AS latest ON true
            WHERE account.credit_limit IS DISTINCT FROM
                  CASE WHEN latest.granted THEN latest.credit_limit
                       WHEN account.adopted_at_utc IS NULL THEN 0 END
        """,
    ),
    Proof(
        what="each budget has counted what its user or key ordered in its months",
        faults="""
            SELECT spending.budget_id
            FROM budget_months spending JOIN budgets budget ON budget.id = spending.budget_id
            WHERE spending.spent <> (
                SELECT - coalesce(sum(leg.amount), 0)
                FROM ledger_legs leg JOIN ledger_transactions made ON made.id = leg.transaction_id
                WHERE leg.client_id = budget.client_id AND leg.kind = 'order'
                  AND (made.entered_by_id = budget.user_id AND made.api_key_id IS NULL
                       OR made.api_key_id = budget.api_key_id)
                  AND date_trunc('month', made.happened_at_utc AT TIME ZONE 'UTC') = spending.month
            )
        """,
    ),
)
