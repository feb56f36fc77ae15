"""Monthly statements. Each covers the entries of an account that follow those of the statement before, up to the first
of a later month, so every entry is on exactly one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import LiteralString
from uuid import UUID

from django.db import connection, transaction

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.documents.facts import DocumentKind, Movement, StatementContents
from homeshield.billing.documents.issuing import document_issue
from homeshield.billing.ledger.kinds import Kind

MOST_MOVEMENTS = 500
"""That a statement lists. More of them become sums of days."""

NOTHING = Decimal("0.00")

# Beside a row `account`.
_LATEST_STATEMENT: LiteralString = """LATERAL (
        SELECT month, total, (contents ->> 'last_entry')::bigint AS last_entry
        FROM documents
        WHERE client_id = account.client_id AND kind = 'statement'
        ORDER BY month DESC LIMIT 1
    ) latest"""

# `entries` and the closing balance decide: an account at rest at zero is looked at in this statement alone.
_DUE: LiteralString = f"""
    SELECT account.client_id
    FROM client_accounts account
    LEFT JOIN {_LATEST_STATEMENT} ON true
    WHERE (latest.month IS NULL OR latest.month < %(month)s)
      AND (account.entries > coalesce(latest.last_entry, 0) OR coalesce(latest.total, 0) <> 0)
    ORDER BY account.client_id
"""  # noqa: S608 - the text is ours

# The lock waits for what is being booked, and lets one process at a time make statements of this client.
_LATEST: LiteralString = f"""
    WITH account AS MATERIALIZED (
        SELECT client_id FROM client_accounts WHERE client_id = %(client)s FOR UPDATE
    )
    SELECT latest.month, coalesce(latest.total, 0), coalesce(latest.last_entry, 0),
           (SELECT happened_at_utc FROM ledger_legs leg JOIN ledger_transactions ON id = leg.transaction_id
            WHERE leg.client_id = account.client_id AND leg.entry = coalesce(latest.last_entry, 0) + 1)
    FROM account LEFT JOIN {_LATEST_STATEMENT} ON true
"""  # noqa: S608

_ENTRIES: LiteralString = """
    WITH later AS MATERIALIZED (
        SELECT leg.entry, leg.kind, leg.amount, leg.balance_after, made.happened_at_utc, made.reference
        FROM ledger_legs leg JOIN ledger_transactions made ON made.id = leg.transaction_id
        WHERE leg.client_id = %(client)s AND leg.entry > %(after)s
    )
    SELECT * FROM later
    WHERE entry < coalesce((SELECT min(entry) FROM later WHERE happened_at_utc >= %(until)s), 9223372036854775807)
    ORDER BY entry
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    entry: int
    kind: str
    amount: Decimal
    balance: Decimal
    happened_at_utc: datetime
    reference: str

    @property
    def what(self) -> str:
        label = str(Kind(self.kind).label)
        mark = " " if self.reference.startswith("#") else ", "
        return f"{label}{mark}{self.reference}" if self.reference else label


def statements_issue(*, as_of: datetime) -> int:
    """Issues the statements of all months that are over (UTC), and returns how many. A second time issues none.

    One for each client and month with a movement or a balance. Each in its own transaction.
    """
    over = _before(_month(as_of))
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"month": over})
        clients = [row[0] for row in cursor.fetchall()]
    return sum(_statements_of(client_id, over=over, as_of=as_of) for client_id in clients)


def _statements_of(client_id: UUID, *, over: date, as_of: datetime) -> int:
    issued = 0
    while True:
        with transaction.atomic(durable=True):
            month, opening, entry = _next(client_id)
            if month is None or month > over:
                return issued
            statement_issue(client_id=client_id, month=month, opening=opening, after=entry, as_of=as_of)
        issued += 1


def _next(client_id: UUID) -> tuple[date | None, Decimal, int]:
    """The next statement's month, its opening balance, and the last entry before it. None: nothing to say."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, {"client": client_id})
        latest, opening, entry, moved_at = cursor.fetchone()
    if latest is not None and opening != 0:
        return _after(latest), opening, entry
    if moved_at is None:
        return None, opening, entry
    moved = _month(moved_at)
    # What was booked late, for a month that has its statement, comes with the next one.
    return (moved if latest is None else max(moved, _after(latest))), opening, entry


def statement_issue(*, client_id: UUID, month: date, opening: Decimal, after: int, as_of: datetime) -> UUID:
    """Issues the statement of a month for the entries that follow entry `after`. Returns its id."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, {"client": client_id, "after": after, "until": _start(_after(month))})
        entries = [_Entry(*row) for row in cursor.fetchall()]
    contents = statement_contents(entries, opening=opening, after=after)
    document_id = document_issue(
        kind=DocumentKind.STATEMENT, client_id=client_id, total=contents.closing, contents=contents, month=month,
        as_of=as_of,
    )  # fmt: skip
    audit_record(
        action=AuditAction.STATEMENT,
        obj=("billing.document", document_id),
        client_id=client_id,
        details={"month": month, "movements": len(entries)},
        as_of=as_of,
    )
    return document_id


def statement_contents(entries: Sequence[_Entry], *, opening: Decimal, after: int) -> StatementContents:
    by_day = len(entries) > MOST_MOVEMENTS
    return StatementContents(
        opening=opening,
        closing=entries[-1].balance if entries else opening,
        first_entry=after + 1,
        last_entry=entries[-1].entry if entries else after,
        by_day=by_day,
        movements=_by_day(entries) if by_day else tuple(map(_movement, entries)),
    )


def _movement(entry: _Entry) -> Movement:
    return Movement(at_utc=entry.happened_at_utc, text=entry.what, amount=entry.amount, balance=entry.balance)


def _by_day(entries: Sequence[_Entry]) -> tuple[Movement, ...]:
    """Neighbors of one day, whatever they are."""
    movements = []
    for day, of_day in groupby(entries, key=lambda entry: entry.happened_at_utc.astimezone(UTC).date()):
        together = list(of_day)
        movements.append(
            Movement(
                at_utc=datetime(day.year, day.month, day.day, tzinfo=UTC),
                text=f"{len(together):,} movement{'s' if len(together) > 1 else ''}",
                amount=sum((entry.amount for entry in together), NOTHING),
                balance=together[-1].balance,
            )
        )
    return tuple(movements)


def _month(value: datetime) -> date:
    return value.astimezone(UTC).date().replace(day=1)


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def _start(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
