"""Who may call what: every operation of the description, with no key, a wrong one, and another client's objects."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from exports.models import Export
from homeshield.accounts.keys import key_revoke
from homeshield.accounts.models import Client, ClientStatus, PreviewAllowance
from homeshield.api import api
from homeshield.openapi import HEALTH
from pricing.models import Quote
from sales.models import Notice, Order, Return, Sale
from tests.api.conftest import Caller, caller_of
from tests.api.test_reference import by_criteria, line
from tests.factories import stock
from tests.inventory.suppression.lists import listed, number
from tests.matrix.people import notice_make

type Operation = tuple[str, str]


def operations() -> list[Operation]:
    """Every (method, path) with a key that the API describes, without the version's prefix."""
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    return [
        (method.upper(), path.lstrip("/")) for path, methods in paths.items() for method in methods if path != HEALTH
    ]


def anything_at(path: str) -> str:
    """The address with ids that nothing has."""
    return re.sub(r"\{\w+\}", str(uuid4()), path)


@pytest.mark.parametrize(("method", "path"), operations())
@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer hs_live_nothing", "Basic aHNfbGl2ZV8=", "cut off", "secret"]
)
def test_without_a_key_in_force_nothing_is_answered(caller: Caller, method: str, path: str, header: str | None) -> None:
    match header:
        case "cut off":
            header = f"Bearer {caller.token[:-1]}"
        case "secret":
            header = f"Bearer {caller.key.prefix}_{'a' * 40}"
    browser: Any = Browser(headers={"Authorization": header} if header else {})
    address = f"/api/v1/{anything_at(path)}"
    answer = browser.generic(method, address, b"{}", content_type="application/json")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["detail"]["error"] == "not_authenticated"


@pytest.mark.parametrize(("method", "path"), operations())
@pytest.mark.parametrize("status", [ClientStatus.SUSPENDED, ClientStatus.CLOSED])
def test_a_suspended_or_closed_client_is_refused(caller: Caller, method: str, path: str, status: ClientStatus) -> None:
    Client.objects.filter(id=caller.client.id).update(status=status)
    answer = caller.send(method, anything_at(path), {})
    assert (answer.status_code, answer.json()["detail"]["error"]) == (403, "client_not_active")


@pytest.mark.parametrize(("method", "path"), operations())
def test_a_revoked_key_stops_at_once(caller: Caller, now: datetime, method: str, path: str) -> None:
    assert caller.get("prices").status_code == 200
    key_revoke(client_id=caller.client.id, key_id=caller.key.id, as_of=now)
    assert caller.send(method, anything_at(path), {}).status_code == 401


@pytest.mark.parametrize(("method", "path"), operations())
def test_an_address_that_names_another_client_is_refused(caller: Caller, other: Caller, method: str, path: str) -> None:
    query = f"{anything_at(path)}?client_id={other.client.id}"
    answer = caller.send(method, query)
    assert (answer.status_code, answer.json()["detail"]["error"]) == (403, "client_of_another_key")


def test_a_client_that_waits_for_approval_looks_around_and_buys_nothing(caller: Caller, now: datetime) -> None:
    stock(1, as_of=now)
    Client.objects.filter(id=caller.client.id).update(status=ClientStatus.PENDING)
    assert caller.get("inventory").json() == {"items": [], "total": 1, "next_cursor": None}
    assert not PreviewAllowance.objects.exists()
    answer = by_criteria(caller, line(1))
    assert (answer.status_code, answer.json()["detail"]["error"]) == (403, "client_may_not_buy")
    assert not Sale.objects.exists()


class Theirs:
    """What another client has: an order with its sales, and a quote. Each method is one operation's case: what the
    caller tries with it, and what must come of that."""

    def __init__(self, caller: Caller, other: Caller, now: datetime) -> None:
        self.caller, self.other = caller, other
        records = stock(3, as_of=now)
        bought = by_criteria(other, line(2))
        self.sale_ids: list[str] = bought.json()["sale_ids"]
        self.order_id = str(Order.objects.get().id)
        self.list = listed(other.client, [number(1)], as_of=now)
        left = next(r for r in records if not Sale.objects.filter(inventory_id=r.id).exists())
        self.left = str(left.id)
        self.notice_id = notice_make(Sale.objects.get(id=self.sale_ids[0]), now).id
        self.quote_id = other.post("quotes", {"inventory_item_ids": [self.left]}).json()["quote_id"]

    def named(self, **more: Any) -> dict[str, Any]:
        return {"client_id": str(self.other.client.id)} | more

    def refused(self, answer: Any, *statuses: int) -> None:
        assert answer.status_code in statuses
        content = answer.content.decode()
        assert not any(
            key in content for key in self.sale_ids if f"sale_ids={key}" not in answer.request["QUERY_STRING"]
        )

    # --- Operations that name nothing of a client's: what they answer is the caller's own ---

    def get_inventory(self) -> None:
        """What the other has bought is not there for anybody."""
        assert [item["inventory_id"] for item in self.caller.get("inventory").json()["items"]] == [self.left]

    def get_inventory_locations(self) -> None:
        assert self.caller.get("inventory/locations").json()["states"] == ["LA"]

    def get_inventory_facets(self) -> None:
        assert self.caller.get("inventory/facets").json()["total"] == 1

    def get_prices(self) -> None:
        assert len(self.caller.get("prices").json()["prices"]) == 10

    def post_availability(self) -> None:
        answer = self.caller.post("availability", {"criteria": [line(1)]})
        assert answer.json()["criteria"][0]["available"] == 1

    def get_notices(self) -> None:
        assert self.caller.get("notices").json()["notices"] == []
        assert len(self.other.get("notices").json()["notices"]) == 1

    def get_returns(self) -> None:
        assert self.caller.get("returns").json()["returns"] == []

    def post_returns(self) -> None:
        """Another client's sale is like one that is not there."""
        named = [{"sale_id": key, "reason": "deceased"} for key in (self.sale_ids[0], self.list.id)]
        answers = self.caller.post("returns", named).json()["returns"]
        assert [one["error"] for one in answers] == ["sale_not_found"] * 2
        assert answers[0]["message"] == answers[1]["message"]

    def get_purchases(self) -> None:
        assert self.caller.get("purchases").json()["orders"] == []

    def get_balance(self) -> None:
        assert self.caller.get("balance").json()["balance"] == "0.00"
        assert self.other.get("balance").json()["balance"] != "0.00"

    def get_ledger(self) -> None:
        assert self.caller.get("ledger").json()["entries"] == []
        assert self.other.get("ledger").json()["entries"] != []

    def get_suppression_lists(self) -> None:
        assert self.caller.get("suppression-lists").json()["lists"] == []

    def post_suppression_lists(self) -> None:
        """A name that the other has is free for the caller."""
        body = {"name": self.list.name, "entries": [number(2)]}
        assert self.caller.post("suppression-lists", body).status_code == 200
        assert {one["entries"] for one in self.other.get("suppression-lists").json()["lists"]} == {1}

    # --- Operations that do ---

    def post_suppression_lists_list_id_entries(self) -> None:
        self.refused(self.caller.post(f"suppression-lists/{self.list.id}/entries", {"entries": [number(2)]}), 404)
        assert self.list.uploads.count() == 1

    def delete_suppression_lists_list_id(self) -> None:
        self.refused(self.caller.send("DELETE", f"suppression-lists/{self.list.id}"), 404)
        self.list.refresh_from_db()
        assert self.list.status == "active"

    def post_quotes(self) -> None:
        sold = str(Sale.objects.values_list("inventory_id", flat=True)[0])
        self.refused(self.caller.post("quotes", {"inventory_item_ids": [sold]}), 404)
        assert Quote.objects.count() == 1

    def post_purchases(self) -> None:
        self.refused(self.caller.post("purchases", self.named(inventory_item_ids=[self.left])), 403)
        own = {"client_id": str(self.caller.client.id), "inventory_item_ids": [self.left], "quote_id": self.quote_id}
        self.refused(self.caller.post("purchases", own), 404)

    def post_purchases_by_criteria(self) -> None:
        self.refused(self.caller.post("purchases/by-criteria", self.named(criteria=[line(1)])), 403)

    def get_purchases_download(self) -> None:
        ids = ",".join(self.sale_ids)
        for client in (self.caller.client, self.other.client):
            answer = self.caller.get("purchases/download", sale_ids=ids, client_id=client.id)
            assert answer.status_code == 403

    def get_purchases_order_id(self) -> None:
        self.refused(self.caller.get(f"purchases/{self.order_id}"), 404)
        assert self.other.get(f"purchases/{self.order_id}").status_code == 200

    def post_notices_notice_id_confirm(self) -> None:
        self.refused(self.caller.post(f"notices/{self.notice_id}/confirm"), 404)

    def get_purchases_order_id_download(self) -> None:
        self.refused(self.caller.get(f"purchases/{self.order_id}/download"), 404)


def case_name(operation: Operation) -> str:
    method, path = operation
    return re.sub(r"\W+", "_", f"{method}_{path}".lower()).strip("_")


@pytest.mark.parametrize("operation", operations(), ids=case_name)
def test_nothing_of_another_client_is_given_or_changed(
    caller: Caller, other: Caller, now: datetime, operation: Operation
) -> None:
    """A new operation fails here until it has a case."""
    theirs = Theirs(caller, other, now)
    case: Callable[[], None] | None = getattr(theirs, case_name(operation), None)
    assert case is not None, f"{operation} has no case in Theirs: what does it do with another client's objects?"
    before = list(snapshot())
    case()
    assert list(snapshot()) == before


def snapshot() -> Iterator[Any]:
    for model in (Order, Sale, Quote, Export, Notice, Return):
        yield list(model.objects.order_by("pk").values())


def test_every_case_is_that_of_an_operation() -> None:
    cases = {name for name in vars(Theirs) if name.startswith(("get_", "post_", "delete_"))}
    assert cases == {case_name(operation) for operation in operations()}


def test_a_key_of_the_client_s_colleague_sees_the_same_orders(caller: Caller, now: datetime) -> None:
    stock(1, as_of=now)
    by_criteria(caller, line(1))
    colleague = caller_of(caller.client, as_of=now)
    assert len(colleague.get("purchases").json()["orders"]) == 1
