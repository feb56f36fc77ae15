"""Returns at the same time: a sale once, and never more at once than the share (contract, "Return")."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial

import pytest

from inventory.counting.compaction import counts_compare
from sales.models import Return, Sale
from sales.returns import services
from sales.returns.models import ReturnReason, ReturnStatus
from sales.returns.services import Answered, Asked, returns_make
from tests.concurrency.orders import gold_6, order
from tests.concurrency.parallel import run_together
from tests.factories import stock
from tests.homeshield.billing.ledger.money import balance
from tests.sales.returns.conftest import Bought, bought

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def forty(clients: object, as_of: datetime) -> Bought:
    """Forty leads of eight dollars: eight of them are credited at once."""
    return bought(as_of, leads=40)


def give_back(ten: Bought, *sales: Sale, reason: ReturnReason = ReturnReason.DECEASED) -> Callable[[], list[Answered]]:
    asked = [Asked(sale_id=sale.id, reason=reason) for sale in sales]
    return partial(returns_make, client_id=ten.client.id, asked=asked, user_id=None, as_of=ten.as_of)


def test_the_same_sales_by_eight_at_once_are_returned_once(forty: Bought) -> None:
    sales = forty.sales[:4]
    results = run_together([give_back(forty, *sales[turn % 4 :], *sales[: turn % 4]) for turn in range(8)])
    assert [result for result in results if isinstance(result, Exception)] == []
    assert Return.objects.count() == 4
    answers = [one for result in results if not isinstance(result, Exception) for one in result]
    accepted = [one for one in answers if one.status == ReturnStatus.ACCEPTED]
    assert len(accepted) == 4
    assert counts_compare() == []


@pytest.mark.parametrize("locked", [True, False])
def test_eight_at_once_get_no_more_than_the_share(forty: Bought, locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the locks, which is the control, each of them sees the whole allowance."""
    if not locked:
        monkeypatch.setattr(services, "returns_lock", lambda client_id: None)
        monkeypatch.setattr(services, "persons_lock", lambda: None)
    parts = [forty.sales[turn * 3 : turn * 3 + 3] for turn in range(8)]
    results = run_together([give_back(forty, *part) for part in parts])
    assert [result for result in results if isinstance(result, Exception)] == []
    credited = sum(row.amount for row in Return.objects.filter(status=ReturnStatus.ACCEPTED))
    assert Return.objects.count() == 24
    assert (credited == Decimal("64.00")) is locked
    assert Decimal(balance(forty.client)) == credited - 320


def test_orders_and_returns_of_one_client_go_through_together(forty: Bought, as_of: datetime) -> None:
    stock(24, as_of=as_of)
    jobs: list[Callable[[], object]] = [give_back(forty, *forty.sales[turn * 3 : turn * 3 + 3]) for turn in range(4)]
    jobs += [order(forty.client, (3, gold_6()), as_of=forty.as_of) for _ in range(4)]
    results = run_together(jobs)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert Return.objects.count() == 12
    assert counts_compare() == []
