"""Whoever stalls holds a connection to nginx, and nobody else up."""

import statistics
from datetime import datetime
from time import perf_counter
from typing import Any

import httpx

from leads.lengths import LONGEST
from sales.models import Order, Sale
from tests.api.conftest import Caller
from tests.concurrency.orders import assert_books_balance
from tests.factories import stock
from tests.homeshield.front.serving import served
from tests.homeshield.front.stalled import A_PAGE, HALF_A_BODY, HALF_A_HEADER, SILENT, a_download, stalled

PURCHASES = 10
LONG: dict[str, Any] = dict.fromkeys(["first_name", "last_name", "full_name", "address"], "x" * LONGEST)
"""Facts of leads of which a thousand are a download of 4 MB, which no socket's buffer holds."""


def buy(caller: Caller, shop: httpx.Client, quantity: int) -> list[str]:
    """The ids of the sales."""
    line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": quantity}
    body = {"client_id": str(caller.client.id), "criteria": [line]}
    answer = shop.post("/api/v1/purchases/by-criteria", json=body, headers={"Authorization": f"Bearer {caller.token}"})
    assert answer.status_code == 200, answer.text
    sale_ids: list[str] = answer.json()["sale_ids"]
    return sale_ids


def download_of(caller: Caller, sale_ids: list[str]) -> str:
    """The address."""
    return f"/api/v1/purchases/download?client_id={caller.client.id}&sale_ids={','.join(sale_ids)}"


def test_three_hundred_who_stall_hold_up_neither_health_nor_purchases(caller: Caller, now: datetime) -> None:
    stock(1000, as_of=now, **LONG)
    stock(PURCHASES * 3, as_of=now, age_days=200)
    with served(API_CALLS_AT_ONCE="10000") as front:
        address = f"http://127.0.0.1:{front.port}"
        with httpx.Client(base_url=address, timeout=30) as shop:
            download = a_download(download_of(caller, buy(caller, shop, 1000)), caller.token)
            beginnings = [SILENT, HALF_A_HEADER, HALF_A_BODY, A_PAGE] * 65 + [download] * 40
            with stalled(front.port, beginnings):
                taken = []
                for _ in range(PURCHASES):
                    began = perf_counter()
                    assert httpx.get(f"{address}/health", timeout=30).json()["status"] == "healthy"
                    taken.append(perf_counter() - began)
                    buy(caller, shop, 3)
    assert statistics.median(taken) < 1, taken
    assert Order.objects.count() == 1 + PURCHASES
    assert Sale.objects.count() == 1000 + 3 * PURCHASES
    assert_books_balance()
