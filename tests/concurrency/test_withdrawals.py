"""A withdrawal, an order and the roll at the same record: one of them comes first (contract, "Withdrawal")."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from homeshield.accounts.models import Client
from inventory.counting.compaction import counts_compare
from inventory.errors import Shortage
from inventory.exclusion.upkeep import exclusions_compare
from inventory.models import InventoryRecord, WithdrawnLead
from inventory.upkeep import roll
from inventory.upkeep.roll import RollReport, inventory_generate
from inventory.withholding.services import Withdrawn, leads_withdraw, withdrawal_take_back
from inventory.withholding.verification import persons_verify
from sales.models import Order, Sale
from tests.concurrency.orders import assert_books_balance, gold_6, order
from tests.concurrency.parallel import rival, run_beside, run_together
from tests.factories import InventoryFactory, stock

pytestmark = pytest.mark.django_db(transaction=True)


def withdraw(*records: InventoryRecord, as_of: datetime) -> Callable[[], Withdrawn]:
    """A job that withdraws the leads of these records."""
    ids = [record.lead_id for record in records]
    return partial(leads_withdraw, lead_ids=ids, reason="other", note="It was wrong.", by_id=None, as_of=as_of)


def sell(record: InventoryRecord, *, as_of: datetime) -> Callable[[], int]:
    """What an order does to a record between its pick and its commit."""

    def mark() -> int:
        picked = InventoryRecord.objects.select_for_update(no_key=True).get(id=record.id)
        return InventoryRecord.objects.filter(id=picked.id).update(sold_at_utc=as_of)

    return mark


def test_an_order_that_holds_the_record_comes_first_and_its_sale_stays(as_of: datetime) -> None:
    [record] = stock(1, as_of=as_of)
    with rival(sell(record, as_of=as_of)) as buyer:
        result = run_beside(withdraw(record, as_of=as_of), then=lambda: buyer.end(commit=True))
    assert isinstance(result, Withdrawn)
    record.refresh_from_db()
    assert (record.sold_at_utc, record.withheld) == (as_of, False)
    assert counts_compare() == []


def test_an_order_that_does_not_go_through_leaves_the_record_to_the_withdrawal(as_of: datetime) -> None:
    [record] = stock(1, as_of=as_of)
    with rival(sell(record, as_of=as_of)) as buyer:
        run_beside(withdraw(record, as_of=as_of), then=lambda: buyer.end(commit=False))
    record.refresh_from_db()
    assert (record.sold_at_utc, record.withheld) == (None, True)
    assert counts_compare() == []


@pytest.mark.parametrize("committed", [True, False])
def test_a_withdrawal_that_holds_the_record_comes_first(
    clients: list[Client], as_of: datetime, committed: bool
) -> None:
    [record] = stock(1, as_of=as_of)
    with rival(withdraw(record, as_of=as_of)) as staff:
        result = run_beside(order(clients[0], (1, gold_6()), as_of=as_of), then=lambda: staff.end(commit=committed))
    assert isinstance(result, Shortage if committed else Order)
    assert Sale.objects.exists() is not committed
    assert counts_compare() == []


def test_without_the_copy_on_the_record_the_order_would_sell_it(clients: list[Client], as_of: datetime) -> None:
    """The control: that the other tests can fail."""
    [record] = stock(1, as_of=as_of)

    def withdraw_without_copy() -> None:
        withdraw(record, as_of=as_of)()
        InventoryRecord.objects.update(withheld=False)

    with rival(withdraw_without_copy) as staff:
        staff.end(commit=True)
    assert isinstance(run_together([order(clients[0], (1, gold_6()), as_of=as_of)])[0], Order)
    assert Sale.objects.filter(lead__in=WithdrawnLead.objects.values("lead")).exists()


@pytest.mark.parametrize("locked", [True, False])
def test_the_roll_and_a_withdrawal_wait_for_one_another(
    as_of: datetime, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The record was sold, so nothing of it is locked: without the lock of persons the roll opens one that is on sale
    although its lead is withdrawn."""
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=170), sold_at_utc=as_of)
    later = as_of + timedelta(days=20)
    roll_it = partial(inventory_generate, as_of=later, now=later)
    with rival(withdraw(record, as_of=as_of)) as staff:
        if locked:
            report = run_beside(roll_it, then=lambda: staff.end(commit=True))
        else:
            monkeypatch.setattr(roll, "persons_lock", lambda: None)
            [report] = run_together([roll_it])
            staff.end(commit=True)
    assert isinstance(report, RollReport)
    assert InventoryRecord.objects.filter(sold_at_utc=None, withheld=False).exists() is not locked
    if locked:
        assert persons_verify(as_of=later).total == 0


def test_what_is_sold_when_a_withdrawal_has_committed_is_all_that_is_ever_sold_of_it(
    clients: list[Client], as_of: datetime
) -> None:
    records = stock(40, as_of=as_of)
    pieces = [records[n : n + 5] for n in range(0, 20, 5)]

    def withdraw_and_look(piece: list[InventoryRecord]) -> set[object]:
        done = withdraw(*piece, as_of=as_of)()
        assert done.leads == len(piece)
        return sold(piece)

    def sold(piece: list[InventoryRecord]) -> set[object]:
        ids = [record.id for record in piece]
        return set(InventoryRecord.objects.filter(id__in=ids, sold_at_utc__isnull=False).values_list("id", flat=True))

    def back_and_forth() -> None:
        done = withdraw(*records[20:30], as_of=as_of)()
        withdrawal_take_back(withdrawal_id=done.withdrawal_id, note="It was right.", by_id=None, as_of=as_of)

    jobs: list[Callable[[], object]] = [partial(withdraw_and_look, piece) for piece in pieces]
    jobs += [order(client, (4, gold_6()), as_of=as_of) for client in clients[:6]]
    jobs += [back_and_forth, partial(inventory_generate, as_of=as_of, now=as_of)]
    results = run_together(jobs)
    unexpected = [result for result in results if isinstance(result, Exception) and not isinstance(result, Shortage)]
    assert unexpected == []
    for piece, seen in zip(pieces, results[: len(pieces)], strict=True):
        assert sold(piece) == seen
        assert not InventoryRecord.objects.sellable(as_of).filter(id__in=[record.id for record in piece]).exists()
    assert_books_balance()
    assert counts_compare() == []
    assert exclusions_compare() == []
    assert persons_verify(as_of=as_of).total == 0
