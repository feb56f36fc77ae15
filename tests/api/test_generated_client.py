"""A client that a program makes from the description: it has the names that people would give, and every operation of
it does what it says against a running shop."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from sales.models import Order, Sale
from tests.api.conftest import Caller, caller_of
from tests.factories import ClientFactory, stock
from tests.sales.purchases import set_prices

OPERATIONS = {
    "money": {"get_balance", "list_ledger"},
    "notices": {"confirm_notice", "list_notices"},
    "suppression_lists": {
        "add_suppression_entries",
        "create_suppression_list",
        "list_suppression_lists",
        "remove_suppression_list",
    },
    "inventory": {"check_availability", "count_facets", "list_inventory", "list_locations"},
    "prices": {"create_quote", "list_prices"},
    "purchases": {"buy_by_criteria", "buy_by_ids", "download_order", "download_sales", "get_order", "list_orders"},
    "returns": {"list_returns", "return_leads"},
    "service": {"check_health"},
}

MODELS = {
    "AgeBucket", "AlternativeOffer", "AvailabilityAnswer", "AvailabilityLine", "AvailabilityRequest",
    "BalanceAnswer", "BoughtLine", "Classification", "CountiesByState", "CriteriaPurchase", "FacetCount", "Facets",
    "FieldError", "Health", "HealthStatus", "InventoryItem", "InventoryPage", "LedgerEntry", "LedgerPage", "Line",
    "LineAvailability", "Locations", "Malformed", "MoreEntries", "NamedPurchase", "NewSuppressionList",
    "NoticeAnswer", "NoticesPage", "OrderAnswer", "OrderSummary", "OrdersPage", "PlaceAvailability", "Price", "Prices",
    "PurchaseAnswer", "PurchaseConflict", "QuoteAnswer", "QuoteRequest", "QuotedItem", "Refusal", "Refused",
    "ReturnAnswer", "ReturnOutcome", "ReturnOutcomes", "ReturnReason", "ReturnRequest", "ReturnStatus", "ReturnsPage",
    "Share", "ShortageAnswer", "StateCode", "SuppressionListAnswer", "SuppressionLists", "TerritoryPlace",
}  # fmt: skip
"""A new name here is read before it is added: it is what a programmer will write."""


class Made:
    """The generated package, whose modules are loaded when they are asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.called: set[str] = set()
        self.models = self.module("models")

    def module(self, path: str) -> ModuleType:
        return importlib.import_module(f"{self.name}.{path}")

    def call(self, operation: str, client: Any, **arguments: Any) -> Any:
        """The operation's answer: its status, headers, and what was parsed."""
        (tag,) = [tag for tag, names in OPERATIONS.items() if operation in names]
        self.called.add(operation)
        return self.module(f"api.{tag}.{operation}").sync_detailed(client=client, **arguments)


@pytest.fixture
def shop(transactional_db: None, live_server: LiveServer, now: datetime) -> Caller:
    set_prices(since=now - timedelta(days=1))
    return caller_of(ClientFactory(), as_of=now)


@pytest.fixture
def made(shop: Caller, live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """The client, made from the description that the running shop serves."""
    name = f"homeshield_client_{uuid4().hex}"
    description, config = tmp_path / "openapi.json", tmp_path / "config.yaml"
    description.write_bytes(httpx.get(f"{live_server.url}/api/v1/openapi.json").raise_for_status().content)
    config.write_text("post_hooks: []\n", encoding="utf-8")
    program = "import sys; from openapi_python_client.cli import app; sys.argv[0] = 'openapi-python-client'; app()"
    options = ["--meta", "none", "--fail-on-warning", "--path", str(description), "--config", str(config)]
    done = subprocess.run(
        [sys.executable, "-c", program, "generate", *options, "--output-path", str(tmp_path / name)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield Made(name)
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


def test_its_names_are_those_that_people_would_give(made: Made, tmp_path: Path) -> None:
    found = {
        folder.name: {path.stem for path in folder.glob("[!_]*.py")}
        for folder in (tmp_path / made.name / "api").iterdir()
        if folder.is_dir() and not folder.name.startswith("_")
    }
    assert found == OPERATIONS
    assert set(made.models.__all__) == MODELS


def test_each_of_its_operations_works(shop: Caller, made: Made, live_server: LiveServer, now: datetime) -> None:
    stock(5, as_of=now, first_name="John")
    stock(2, as_of=now, county="Allen", classification="Silver")
    base = {"base_url": live_server.url, "raise_on_unexpected_status": True}
    classes = made.module("client")
    with (
        classes.Client(**base) as stranger,
        classes.AuthenticatedClient(token=shop.token, **base) as client,
        classes.AuthenticatedClient(token="hs_live_wrong", **base) as wrong,
    ):
        assert made.call("check_health", stranger).parsed.status is made.models.HealthStatus.HEALTHY
        items = look(made, client)
        assert made.call("list_prices", wrong).parsed.detail.error == "not_authenticated"
        by_criteria, by_ids = buy(made, client, shop.client.id, items)
        look_at_what_was_bought(made, client, shop.client.id, by_criteria, by_ids)
        look_at_the_money(made, client, by_criteria, by_ids)
        be_refused(made, client)
        keep_lists(made, client)
        be_told(made, client)
        give_back(made, client, by_criteria.sale_ids[0])
    assert made.called == set().union(*OPERATIONS.values())
    assert Order.objects.count() == 2


def look(made: Made, client: Any) -> list[UUID]:
    """What is for sale; returns the Gold records."""
    models = made.models
    louisiana, gold, age = models.StateCode.LA, models.Classification.GOLD, models.AgeBucket.MONTH_6_TO_8
    assert made.call("list_locations", client).parsed.counties_by_state["LA"] == ["Allen", "Caddo"]
    facets = made.call("count_facets", client, state=louisiana).parsed
    assert [(one.value, one.count) for one in facets.counties] == [("Allen", 2), ("Caddo", 5)]
    page = made.call("list_inventory", client, state=louisiana, classification=gold, limit=3).parsed
    rest = made.call("list_inventory", client, state=louisiana, classification=gold, cursor=page.next_cursor).parsed
    items = page.items + rest.items
    assert (page.total, len(items), rest.next_cursor, items[0].first_name) == (5, 5, None, "John")
    assert {one.unit_price for one in made.call("list_prices", client).parsed.prices} >= {"8.00", "4.50"}
    asked = models.AvailabilityLine(classification=gold, age_bucket=age, state=louisiana, county="Caddo", quantity=2)
    answer = made.call("check_availability", client, body=models.AvailabilityRequest(criteria=[asked])).parsed
    assert (answer.criteria[0].available, answer.total) == (5, "16.00")
    return [item.inventory_id for item in items]


def buy(made: Made, client: Any, client_id: UUID, items: list[UUID]) -> tuple[Any, Any]:
    """Two orders: by criteria, sent twice, and by ids at the prices of a quote."""
    models = made.models
    wanted = models.Line(
        classification=models.Classification.GOLD,
        age_bucket=models.AgeBucket.MONTH_6_TO_8,
        quantity=2,
        state=models.StateCode.LA,
    )
    body = models.CriteriaPurchase(client_id=client_id, criteria=[wanted])
    first, again = (made.call("buy_by_criteria", client, body=body, idempotency_key="once") for _ in range(2))
    assert (first.parsed.replayed, again.parsed.replayed) == (False, True)
    assert (again.parsed.order_id, again.headers["Idempotent-Replayed"]) == (first.parsed.order_id, "true")

    bought = set(Sale.objects.values_list("inventory_id", flat=True))
    left = [key for key in items if key not in bought]
    quote = made.call("create_quote", client, body=models.QuoteRequest(inventory_item_ids=left[:2])).parsed
    assert (quote.subtotal, quote.expires_at - quote.created_at) == ("16.00", timedelta(minutes=15))
    named = models.NamedPurchase(client_id=client_id, inventory_item_ids=left[:1], quote_id=quote.quote_id)
    second = made.call("buy_by_ids", client, body=named).parsed
    assert (second.total_paid, second.items_replaced) == ("8.00", 0)
    used = made.call("buy_by_ids", client, body=named)
    assert (used.status_code, used.parsed.detail.error) == (409, "quote_used")

    wanted.quantity = 100
    short = made.call("buy_by_criteria", client, body=body).parsed
    assert isinstance(short.detail, models.ShortageAnswer)
    assert (short.detail.available, short.detail.alternatives[0].suggestion_type) == (2, "partial")
    return first.parsed, second


def look_at_what_was_bought(made: Made, client: Any, client_id: UUID, first: Any, second: Any) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    orders = made.call("list_orders", client, placed_from=since, limit=10).parsed.orders
    assert [order.order_id for order in orders] == [second.order_id, first.order_id]
    (found,) = made.call("list_orders", client, idempotency_key="once").parsed.orders
    assert found.order_id == first.order_id
    order = made.call("get_order", client, order_id=second.order_id).parsed
    assert (order.lines[0].classification, order.sale_ids) == (made.models.Classification.GOLD, second.sale_ids)
    whole = made.call("download_order", client, order_id=first.order_id).parsed
    assert [row.split(",")[0] for row in whole.splitlines()[1:]] == [str(key) for key in first.sale_ids]
    ids = ",".join(str(key) for key in second.sale_ids)
    some = made.call("download_sales", client, sale_ids=ids, client_id=client_id).parsed
    assert [row.split(",")[0] for row in some.splitlines()[1:]] == [ids]


def look_at_the_money(made: Made, client: Any, first: Any, second: Any) -> None:
    balance = made.call("get_balance", client).parsed
    assert (balance.balance, balance.credit_limit, balance.available) == ("-24.00", None, None)
    entries = made.call("list_ledger", client, limit=2).parsed.entries
    assert [(entry.order_id, entry.amount) for entry in entries] == [
        (second.order_id, "-8.00"),
        (first.order_id, "-16.00"),
    ]
    assert entries[0].reference == f"#{second.order_number}"


def keep_lists(made: Made, client: Any) -> None:
    models = made.models
    body = models.NewSuppressionList(name="Customers", entries=["318-155-0101"])
    own = made.call("create_suppression_list", client, body=body).parsed.list_id
    more = models.MoreEntries(entries=["318-155-0102", "318-155-0103"])
    assert made.call("add_suppression_entries", client, list_id=own, body=more).parsed.waiting == 3
    assert [one.name for one in made.call("list_suppression_lists", client).parsed.lists] == ["Customers"]
    assert made.call("remove_suppression_list", client, list_id=own).parsed.status == "removing"


def give_back(made: Made, client: Any, sale_id: UUID) -> None:
    models = made.models
    asked = models.ReturnRequest(sale_id=sale_id, reason=models.ReturnReason.DECEASED, note="His wife says so.")
    (answer, again) = made.call("return_leads", client, body=[asked, asked]).parsed.returns
    assert (answer.status, answer.credit, again.error) == ("waiting", None, "returned_before")
    (found,) = made.call("list_returns", client, status=models.ReturnStatus.WAITING).parsed.returns
    assert (found.return_id, found.sale_id, found.note) == (answer.return_id, sale_id, "His wife says so.")


def be_told(made: Made, client: Any) -> None:
    assert made.call("list_notices", client).parsed.notices == []
    unknown = made.call("confirm_notice", client, notice_id=uuid4())
    assert (unknown.status_code, unknown.parsed.detail.error) == (404, "notice_not_found")


def be_refused(made: Made, client: Any) -> None:
    nothing = made.call("get_order", client, order_id=uuid4())
    assert (nothing.status_code, nothing.parsed.detail.error) == (404, "order_not_found")
    assert nothing.parsed.request_id == nothing.headers["X-Request-ID"]
    assert int(nothing.headers["RateLimit-Remaining"]) < int(nothing.headers["RateLimit-Limit"])
    malformed = made.call("list_inventory", client, limit=0).parsed
    assert [one.loc for one in malformed.detail] == [["query", "limit"]]
