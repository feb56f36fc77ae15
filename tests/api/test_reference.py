"""The examples of the API's reference, word for word."""

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pgtrigger
import pytest
from django.test import Client as Browser
from django.utils.dateparse import parse_datetime

from exports.columns import COLUMNS
from exports.models import Export
from homeshield.accounts.models import User
from inventory.facts.criteria import Criteria
from inventory.models import Exclusion, InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule, Quote
from sales.models import Order, Sale
from tests.api.conftest import Caller
from tests.factories import ClientFactory, InventoryFactory, stock
from tests.sales.purchases import buy

CADDO = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 50, "state": "LA", "county": "Caddo"}
GOLD_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)

SHORTAGE = {
    "detail": {
        "error": "insufficient_inventory",
        "requested": 50,
        "available": 22,
        "criteria": "Gold MONTH_6_TO_8 state=LA qty=50",
        "item_index": None,
        "is_multi_item": False,
        "alternatives": [
            {
                "description": "Purchase 22 available leads ($176.00)",
                "available_count": 22,
                "suggestion_type": "partial",
            },
            {
                "description": "Remove location filter (324 available without LA filter)",
                "available_count": 324,
                "suggestion_type": "no_location_filter",
            },
            {
                "description": "Try MONTH_9_TO_11 age bucket (156 available in LA)",
                "available_count": 156,
                "suggestion_type": "different_age_bucket",
            },
        ],
    }
}

LOCATIONS = {"states": ["LA"], "counties_by_state": {"LA": ["Acadia", "Allen"]}}

BOUGHT = {
    "success": True,
    "total_paid": "400.00",
    "items_requested": 50,
    "items_purchased": 50,
    "items_replaced": 0,
    "errors": [],
    "message": "Purchase completed successfully.",
}

ITEM = {
    "age_bucket": "MONTH_6_TO_8",
    "state": "LA",
    "county": "Caddo",
    "classification": "Gold",
    "unit_price": "8.00",
    "first_name": "John",
    "city": "Shreveport",
}


def line(quantity: int, **changed: Any) -> dict[str, Any]:
    return CADDO | {"quantity": quantity} | changed


def by_criteria(caller: Caller, *lines: dict[str, Any], **headers: str) -> Any:
    return caller.post(
        "purchases/by-criteria", {"client_id": str(caller.client.id), "criteria": list(lines)}, **headers
    )


def by_ids(caller: Caller, ids: list[UUID], quote_id: object = None, **headers: str) -> Any:
    body: dict[str, Any] = {"client_id": str(caller.client.id), "inventory_item_ids": [str(key) for key in ids]}
    if quote_id:
        body["quote_id"] = str(quote_id)
    return caller.post("purchases", body, **headers)


def test_inventory_shows_each_lead_and_counts_them_all(caller: Caller, now: datetime) -> None:
    stock(3, as_of=now, first_name="John", city="Shreveport")
    stock(2, as_of=now, state="TX", county="Harris")
    answer = caller.get(
        "inventory", state="LA", classification="Gold", age_bucket="MONTH_6_TO_8", county="Caddo", limit=1
    )
    assert answer.status_code == 200
    content = answer.json()
    [item] = content["items"]
    shown = InventoryRecord.objects.get(id=item["inventory_id"])
    assert item == ITEM | {"inventory_id": str(shown.id), "lead_id": str(shown.lead_id)}
    assert content["total"] == 3
    assert set(content) == {"items", "total", "next_cursor"}


def test_every_filter_is_optional(caller: Caller, now: datetime) -> None:
    stock(2, as_of=now, state="AL", county="Lee")
    stock(1, as_of=now, state="TX", county="Lee", classification="Silver", age_days=100)
    totals = {
        name: caller.get("inventory", **query).json()["total"]
        for name, query in {
            "all": {},
            "state": {"state": "AL"},
            "county": {"county": "Lee"},
            "other spelling": {"state": "TX", "county": "lee county"},
            "class": {"classification": "Silver"},
            "bucket": {"age_bucket": "MONTH_3_TO_5"},
            "none": {"state": "VT"},
        }.items()
    }
    assert totals == {
        "all": 3, "state": 2, "county": 3, "other spelling": 1, "class": 1, "bucket": 1, "none": 0,
    }  # fmt: skip


def test_no_page_of_inventory_repeats_or_misses_a_lead_while_others_buy(caller: Caller, now: datetime) -> None:
    records = {str(record.id) for record in stock(30, as_of=now)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    rival = ClientFactory()
    for _ in range(10):
        page = caller.get("inventory", limit=5, **cursor).json()
        seen += [item["inventory_id"] for item in page["items"]]
        if not page["next_cursor"]:
            break
        cursor = {"cursor": page["next_cursor"]}
        buy(rival, 2, GOLD_6, as_of=now)
    unseen_but_for_sale = InventoryRecord.objects.sellable(now).exclude(id__in=seen)
    assert len(seen) == len(set(seen))
    assert set(seen) <= records
    assert not unseen_but_for_sale.exists()


def test_locations(caller: Caller, now: datetime) -> None:
    stock(1, as_of=now, county="Allen")
    stock(1, as_of=now, county="Acadia")
    assert caller.get("inventory/locations").json() == LOCATIONS


def test_locations_leave_out_what_the_client_owns_and_keep_states_without_counties(
    caller: Caller, now: datetime
) -> None:
    earlier = now - timedelta(days=90)
    with pgtrigger.ignore("pricing.PriceRule:price_history_is_kept"):
        PriceRule.objects.update(effective_from_utc=earlier)
    bought = InventoryFactory(as_of=earlier, lead__age=timedelta(days=110))
    buy(caller.client, 1, GOLD_3, as_of=earlier)
    InventoryFactory(as_of=now, lead=bought.lead)
    stock(1, as_of=now, state="GA", county=None)
    assert caller.get("inventory/locations").json() == {"states": ["GA"], "counties_by_state": {"GA": []}}
    assert caller.get("inventory").json()["total"] == 1


def test_a_purchase_by_criteria(caller: Caller, buyer: User, now: datetime) -> None:
    stock(50, as_of=now)
    answer = by_criteria(caller, CADDO)
    assert answer.status_code == 200
    order = Order.objects.get()
    sale_ids = [str(key) for key in order.sales.order_by("line_number", "id").values_list("id", flat=True)]
    assert answer.json() == BOUGHT | {
        "sale_ids": sale_ids,
        "order_id": str(order.id),
        "order_number": order.number,
        "replayed": False,
        "lines": [CADDO | {"unit_price": "8.00", "amount": "400.00", "replaced": 0, "territory_index": None}],
    }
    assert "Idempotent-Replayed" not in answer
    assert (order.client, order.placed_by) == (caller.client, buyer)
    assert answer["Location"] == f"/api/v1/purchases/{order.id}"


def test_sale_ids_come_line_by_line(caller: Caller, now: datetime) -> None:
    stock(3, as_of=now)
    stock(2, as_of=now, state="TX", county="Harris")
    answer = by_criteria(caller, line(2, state="TX", county=None), line(3)).json()
    states = dict(Sale.objects.values_list("id", "lead__state"))
    assert [states[UUID(key)] for key in answer["sale_ids"]] == ["TX", "TX", "LA", "LA", "LA"]


def test_a_shortage_word_for_word(caller: Caller, now: datetime) -> None:
    stock(22, as_of=now)
    stock(302, as_of=now, state="TX", county="Harris")
    stock(156, as_of=now, age_days=300)
    answer = by_criteria(caller, line(50, county=None))
    assert answer.status_code == 409
    assert answer.json() == SHORTAGE | {"request_id": answer["X-Request-ID"]}
    assert not Sale.objects.exists()


def test_a_shortage_in_several_lines_names_the_line(caller: Caller, now: datetime) -> None:
    stock(2, as_of=now)
    detail = by_criteria(caller, line(1), line(5, classification="Silver")).json()["detail"]
    assert (detail["item_index"], detail["is_multi_item"]) == (1, True)
    assert detail["criteria"] == "Silver MONTH_6_TO_8 state=LA county=Caddo qty=5"
    assert not Order.objects.exists()


def test_a_shortage_tells_of_neighbours_and_of_the_other_class_too(caller: Caller, now: datetime) -> None:
    stock(1, as_of=now)
    stock(3, as_of=now, county="Bossier")
    stock(3, as_of=now, classification="Silver")
    offers = by_criteria(caller, line(3)).json()["detail"]["alternatives"]
    assert [offer["suggestion_type"] for offer in offers] == [
        "partial", "no_location_filter", "whole_state", "adjacent_county", "different_classification",
    ]  # fmt: skip
    assert [offer["description"] for offer in offers] == [
        "Purchase 1 available lead ($8.00)",
        "Remove location filter (4 available without Caddo, LA filter)",
        "Try the whole state (4 available in LA)",
        "Try the neighboring county (3 available in Bossier, LA)",
        "Try Silver (3 available in Caddo, LA)",
    ]


def test_a_purchase_by_ids_replaces_what_is_gone(caller: Caller, now: datetime) -> None:
    first, second = stock(2, as_of=now)
    InventoryRecord.objects.filter(id=first.id).update(sold_at_utc=now)
    answer = by_ids(caller, [first.id]).json()
    assert (answer["items_replaced"], answer["items_purchased"], answer["total_paid"]) == (1, 1, "8.00")
    assert Sale.objects.get().inventory_id == second.id


def test_a_purchase_by_ids_that_cannot_be_replaced_sells_nothing(caller: Caller, now: datetime) -> None:
    (gone,) = stock(1, as_of=now)
    InventoryRecord.objects.filter(id=gone.id).update(sold_at_utc=now)
    answer = by_ids(caller, [gone.id])
    assert (answer.status_code, answer.json()["detail"]["error"]) == (409, "insufficient_inventory")
    assert not Sale.objects.exists()


def test_an_unknown_id_is_named(caller: Caller) -> None:
    stranger = uuid4()
    answer = by_ids(caller, [stranger])
    assert (answer.status_code, answer.json()["detail"]["inventory_ids"]) == (404, [str(stranger)])


def test_a_quote(caller: Caller, now: datetime) -> None:
    records = stock(2, as_of=now)
    answer = caller.post("quotes", {"inventory_item_ids": [str(record.id) for record in records]})
    assert answer.status_code == 200
    content = answer.json()
    quote = Quote.objects.get()
    created, expires = parse_datetime(content.pop("created_at")), parse_datetime(content.pop("expires_at"))
    assert created
    assert expires
    assert (created, expires - created) == (quote.quoted_at_utc, timedelta(minutes=15))
    assert content == {
        "quote_id": str(quote.id),
        "items": [
            {
                "inventory_id": str(record.id),
                "lead_id": str(record.lead_id),
                "classification": "Gold",
                "age_bucket": "MONTH_6_TO_8",
                "state": "LA",
                "county": "Caddo",
                "unit_price": "8.00",
            }
            for record in records
        ],
        "subtotal": "16.00",
        "currency": "USD",
        "total_items": 2,
    }
    assert by_ids(caller, [records[0].id], quote.id).json()["total_paid"] == "8.00"


def test_a_quote_names_what_cannot_be_had(caller: Caller, now: datetime) -> None:
    (record,) = stock(1, as_of=now)
    stranger = uuid4()
    answer = caller.post("quotes", {"inventory_item_ids": [str(record.id), str(stranger)]})
    assert answer.status_code == 404
    assert answer.json()["detail"]["inventory_ids"] == [str(stranger)]
    assert str(stranger) in answer.json()["detail"]["message"]


def test_a_quote_buys_once(caller: Caller, now: datetime) -> None:
    records = stock(3, as_of=now)
    ids = [record.id for record in records]
    quote = caller.post("quotes", {"inventory_item_ids": [str(key) for key in ids]}).json()["quote_id"]
    first = by_ids(caller, ids[:1], quote)
    for key in ({}, {"Idempotency_Key": "another"}):
        again = by_ids(caller, ids[1:], quote, **key)
        assert (again.status_code, again.json()["detail"]["error"]) == (409, "quote_used")
        assert again.json()["detail"]["order_id"] == first.json()["order_id"]
    assert Sale.objects.count() == 1


def test_what_the_client_bought_itself_is_named_and_not_replaced(caller: Caller, other: Caller, now: datetime) -> None:
    records = stock(3, as_of=now)
    ids = [record.id for record in records]
    by_ids(caller, ids[:1])
    answer = by_ids(caller, ids[:2])
    assert (answer.status_code, answer.json()["detail"]["error"]) == (409, "already_owned")
    assert answer.json()["detail"]["inventory_ids"] == [str(ids[0])]
    assert Sale.objects.count() == 1
    assert by_ids(other, ids[:1]).json()["items_replaced"] == 1


def test_an_expired_quote(caller: Caller, now: datetime) -> None:
    (record,) = stock(1, as_of=now)
    quote = Quote.objects.create(
        client=caller.client,
        quoted_at_utc=now - timedelta(minutes=15, seconds=1),
        expires_at_utc=now - timedelta(seconds=1),
        subtotal="8.00",
    )
    answer = by_ids(caller, [record.id], quote.id)
    assert (answer.status_code, answer.json()["detail"]["error"]) == (409, "quote_expired")
    assert not Sale.objects.exists()


class TestDownload:
    def test_the_sales_as_csv(self, caller: Caller, buyer: User, now: datetime) -> None:
        stock(3, as_of=now)
        ids = by_criteria(caller, line(3)).json()["sale_ids"]
        answer = caller.get("purchases/download", sale_ids=",".join(ids[:2]), client_id=caller.client.id)
        assert answer.streaming
        assert answer["Content-Type"].startswith("text/csv")
        assert answer["Content-Disposition"].startswith("attachment;")
        header, *rows = answer.getvalue().decode().splitlines()
        assert header.split(",") == [column.header for column in COLUMNS]
        assert [row.split(",")[0] for row in rows] == ids[:2]
        export = Export.objects.get()
        assert (export.client, export.user, export.rows) == (caller.client, buyer, 2)

    def test_a_whole_order(self, caller: Caller, now: datetime) -> None:
        stock(3, as_of=now)
        bought = by_criteria(caller, line(3))
        answer = caller.get(f"{bought['Location']}/download")
        rows = answer.getvalue().decode().splitlines()[1:]
        assert [row.split(",")[0] for row in rows] == bought.json()["sale_ids"]

    def test_what_cannot_be_downloaded(self, caller: Caller, other: Caller, now: datetime) -> None:
        stock(2, as_of=now)
        own, foreign = (by_criteria(one, line(1)).json()["sale_ids"][0] for one in (caller, other))
        unknown = str(uuid4())
        statuses = {
            ids: caller.get("purchases/download", sale_ids=ids, client_id=caller.client.id).status_code
            for ids in (f"{own},{foreign}", f"{own},{unknown}", "", ",", "nonsense", f"{own},x")
        }
        assert list(statuses.values()) == [403, 404, 422, 422, 422, 422]
        assert caller.get("purchases/download", client_id=caller.client.id).status_code == 422
        assert caller.get("purchases/download", sale_ids=[own, own], client_id=caller.client.id).status_code == 422
        assert not Export.objects.exists()


def test_health_needs_no_key(db: None) -> None:
    assert Browser().get("/health").json() == {"status": "healthy", "version": "0.1.0"}


class TestBeyondTheReference:
    def test_prices(self, caller: Caller) -> None:
        content = caller.get("prices").json()
        assert content["currency"] == "USD"
        assert [(p["classification"], p["unit_price"]) for p in content["prices"]] == [
            *[("Gold", price) for price in ("10.00", "8.00", "6.00", "5.00", "4.00")],
            *[("Silver", price) for price in ("7.50", "6.00", "4.50", "4.00", "3.00")],
        ]

    def test_availability(self, caller: Caller, now: datetime) -> None:
        stock(5, as_of=now)
        content = caller.post("availability", {"criteria": [line(3), line(1, state="TX", county=None)]}).json()
        assert [(one["available"], one["unit_price"], one["amount"]) for one in content["criteria"]] == [
            (5, "8.00", "24.00"),
            (0, "8.00", "8.00"),
        ]
        assert content["total"] == "32.00"
        assert InventoryRecord.objects.sellable(now).count() == 5
        bare = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8"}
        content = caller.post("availability", {"criteria": [bare]}).json()
        assert (content["total"], content["criteria"][0]["amount"]) == (None, None)

    def test_what_is_excluded_is_said_beside_what_is_available(self, caller: Caller, now: datetime) -> None:
        records = stock(5, as_of=now)
        for record, owned in ((records[0], True), (records[1], False), (records[2], False)):
            Exclusion.objects.create(client_id=caller.client.id, lead=record.lead, owned=owned, listed=True)
        [found] = caller.post("availability", {"criteria": [line(3)]}).json()["criteria"]
        assert (found["available"], found["owned"], found["suppressed"]) == (2, 1, 2)
        facets = caller.get("inventory/facets").json()
        assert (facets["total"], facets["owned"], facets["suppressed"]) == (2, 1, 2)
        answer = caller.post("quotes", {"inventory_item_ids": [str(records[1].id)]})
        assert answer.status_code == 404
        assert "on your suppression lists" in answer.json()["detail"]["message"]
        refused = by_ids(caller, [records[1].id])
        assert (refused.status_code, refused.json()["detail"]["error"]) == (409, "suppressed")

    def test_facets(self, caller: Caller, now: datetime) -> None:
        stock(4, as_of=now)
        stock(2, as_of=now, county="Allen", classification="Silver")
        stock(1, as_of=now, state="TX", county="Harris", age_days=100)
        content = caller.get("inventory/facets", state="LA", classification="Gold").json()
        counted = {
            name: {one["value"]: one["count"] for one in facets if one["count"]}
            for name, facets in content.items()
            if name not in ("total", "owned", "suppressed")
        }
        assert content["total"] == 4
        assert counted == {
            "states": {"LA": 4, "TX": 1},
            "counties": {"Caddo": 4},
            "classifications": {"Gold": 4, "Silver": 2},
            "age_buckets": {"MONTH_6_TO_8": 4},
        }

    def test_own_orders(self, caller: Caller, other: Caller, now: datetime) -> None:
        stock(6, as_of=now)
        older, newer = by_criteria(caller, line(2)), by_criteria(caller, line(1))
        by_criteria(other, line(3))
        first = caller.get("purchases", limit=1).json()
        second = caller.get("purchases", limit=1, cursor=first["next_cursor"]).json()
        assert [page["orders"][0]["quantity"] for page in (first, second)] == [1, 2]
        assert second["next_cursor"] is None
        shown = caller.get(older["Location"]).json()
        assert shown["sale_ids"] == older.json()["sale_ids"]
        assert (shown["quantity"], shown["total_paid"], shown["currency"]) == (2, "16.00", "USD")
        assert shown["lines"] == [
            {
                "classification": "Gold", "age_bucket": "MONTH_6_TO_8", "state": "LA", "county": "Caddo",
                "quantity": 2, "unit_price": "8.00", "amount": "16.00", "replaced": 0, "territory_index": None,
            }
        ]  # fmt: skip
        assert newer.status_code == 200


def orders_found(caller: Caller, **query: Any) -> list[str]:
    answer = caller.get("purchases", **query)
    assert answer.status_code == 200, answer.content
    return [order["order_id"] for order in answer.json()["orders"]]


class TestOrdersThatAreFound:
    def test_by_the_key_of_a_purchase_whose_answer_was_lost(self, caller: Caller, other: Caller, now: datetime) -> None:
        stock(4, as_of=now)
        by_criteria(other, line(1), Idempotency_Key="k1")
        placed = [by_criteria(caller, line(1), Idempotency_Key=f"k{n}").json()["order_id"] for n in range(3)]
        assert orders_found(caller, idempotency_key="k1") == [placed[1]]
        assert orders_found(caller, idempotency_key="k9") == []

    @pytest.fixture
    def placed(self, caller: Caller, other: Caller, now: datetime) -> list[Order]:
        """Three orders, an hour after one another."""
        stock(6, as_of=now)
        buy(other.client, 1, GOLD_6, as_of=now)
        return [buy(caller.client, 1, GOLD_6, as_of=now + timedelta(hours=n)) for n in range(3)]

    def test_by_when_they_were_placed(self, caller: Caller, placed: list[Order]) -> None:
        first, second, third = [str(order.id) for order in placed]
        at = placed[1].placed_at_utc.isoformat()
        assert orders_found(caller, placed_from=at) == [third, second]
        assert orders_found(caller, placed_until=at) == [first]
        assert orders_found(caller, placed_from=at, placed_until=at) == []
        elsewhere = placed[1].placed_at_utc.astimezone(timezone(timedelta(hours=-5))).isoformat()
        assert orders_found(caller, placed_from=elsewhere, limit=1) == [third]
        assert orders_found(caller, placed_from=elsewhere, idempotency_key="k0") == []

    def test_page_by_page_under_the_same_filter(self, caller: Caller, placed: list[Order]) -> None:
        since = {"placed_from": placed[1].placed_at_utc.isoformat(), "limit": 1}
        page = caller.get("purchases", **since).json()
        assert [order["order_id"] for order in page["orders"]] == [str(placed[2].id)]
        page = caller.get("purchases", **since, cursor=page["next_cursor"]).json()
        assert [order["order_id"] for order in page["orders"]] == [str(placed[1].id)]
        assert page["next_cursor"] is None


@pytest.mark.parametrize("path", ["inventory", "inventory/facets", "inventory/locations", "quotes", "availability"])
def test_nothing_personal_leaves_before_purchase(caller: Caller, now: datetime, path: str) -> None:
    (record,) = stock(1, as_of=now, first_name="Josephine", city="Shreveport", lender="Bank of Secrets")
    lead = record.lead
    match path:
        case "quotes":
            answer = caller.post(path, {"inventory_item_ids": [str(record.id)]})
        case "availability":
            answer = caller.post(path, {"criteria": [line(1)]})
        case _:
            answer = caller.get(path)
    assert answer.status_code == 200
    content = answer.content.decode()
    personal = [
        lead.last_name, lead.full_name, lead.address, lead.zip, lead.borrower_phone, lead.lender, lead.mortgage_id,
        lead.call_in_date,
    ]  # fmt: skip
    assert [fact for fact in personal if fact and fact in content] == []
    assert ("Josephine" in content) == (path == "inventory")
