"""Balances, and what happened on a client's account."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from homeshield.billing.ledger.kinds import Account, Kind
from homeshield.billing.ledger.models import ClientAccount, LedgerLeg, LedgerTransaction
from homeshield.lib.keyset import Page, Position, found_page
from homeshield.lib.viewer import STAFF, Viewer, seen_by


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What happened on a client's account. `amount` is what it did to the balance, in USD."""

    id: UUID
    """The transaction."""
    entry: int
    """Its number in the account, from 1."""
    kind: Kind
    source_id: UUID
    happened_at_utc: datetime
    amount: Decimal
    balance_after: Decimal
    reference: str
    is_reversed: bool

    @property
    def order_id(self) -> UUID | None:
        return self.source_id if self.kind is Kind.ORDER else None


def balance_of(client_id: UUID) -> Balance:
    """Reads one row, however long the history. Raises ClientAccount.DoesNotExist for an unknown client."""
    account = ClientAccount.objects.only("balance", "credit_limit").get(client_id=client_id)
    return Balance(account.balance, account.credit_limit)


def ledger_page(*, client_id: UUID, cursor: str | None, limit: int = 50) -> Page[Entry]:
    """What happened, the latest first. Raises BadCursor."""

    def find(beyond: Position | None, latest_first: bool, most: int) -> list[Entry]:
        legs = _legs_of(client_id)
        if beyond is not None:
            legs = legs.filter(**{"entry__lt" if latest_first else "entry__gt": beyond[0]})
        return list(_entries(legs.order_by("-entry" if latest_first else "entry")[:most]))

    return found_page(find, by="entry", of=f"ledger of {client_id}", cursor=cursor, limit=limit, descending=True)


def ledger_entries(*, client_id: UUID, batch: int = 1000) -> Iterator[Entry]:
    """Everything that happened to a client, in its order. For a download, which is read after its request.

    It reads a batch at a time: no transaction stays open between them, and the latest may come meanwhile.
    """
    last = 0
    while entries := _entries_after(client_id, last, batch):
        yield from entries
        last = entries[-1].entry


def _entries_after(client_id: UUID, last: int, batch: int) -> list[Entry]:
    with seen_by(Viewer(client_id)):
        return list(_entries(_legs_of(client_id).filter(entry__gt=last).order_by("entry")[:batch]))


def all_transactions(batch: int = 1000) -> Iterator[LedgerTransaction]:
    """Of all clients with their legs, for staff; read a batch at a time like `ledger_entries`."""
    last: UUID | None = None
    while made := _made_after(last, batch):
        yield from made
        last = made[-1].id


def _made_after(last: UUID | None, batch: int) -> list[LedgerTransaction]:
    with seen_by(STAFF):
        made = LedgerTransaction.objects.filter(id__gt=last) if last else LedgerTransaction.objects.all()
        return list(made.select_related("client").prefetch_related("legs").order_by("id")[:batch])


def _legs_of(client_id: UUID) -> QuerySet[LedgerLeg]:
    return LedgerLeg.objects.filter(client_id=client_id, account=Account.CLIENT).select_related("transaction")


def _entries(legs: Iterable[LedgerLeg]) -> Iterator[Entry]:
    legs = list(legs)
    ids = [leg.transaction_id for leg in legs]
    reversals = LedgerTransaction.objects.filter(kind=Kind.REVERSAL, source_id__in=ids)
    are_reversed = set(reversals.values_list("source_id", flat=True)) if ids else set()
    for leg in legs:
        made = leg.transaction
        assert leg.entry is not None
        assert leg.balance_after is not None
        yield Entry(
            id=made.id,
            entry=leg.entry,
            kind=Kind(leg.kind),
            source_id=made.source_id,
            happened_at_utc=made.happened_at_utc,
            amount=leg.amount,
            balance_after=leg.balance_after,
            reference=made.reference,
            is_reversed=made.id in are_reversed,
        )
