"""A reload puts a new shop in the place of the old one. No visitor notices."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from time import perf_counter, sleep

import httpx

from sales.models import Order
from tests.api.conftest import Caller
from tests.concurrency.orders import assert_books_balance
from tests.factories import stock
from tests.homeshield.front.serving import Served, served
from tests.homeshield.front.test_stalled import LONG, buy, download_of

PAUSES = (0.2, 1.0, 2.5, 4.0)
"""Of the visitors between two requests, in seconds, on connections that are kept."""


def visit(front: Served, pause: float, over: Event, caller: Caller | None) -> list[tuple[float, float]]:
    """When each request began and how many seconds it took, one after the other on one connection. A failure is
    raised."""
    taken = []
    with httpx.Client(base_url=f"http://127.0.0.1:{front.port}", timeout=20) as visitor:
        while not over.is_set():
            began = perf_counter()
            if caller:
                buy(caller, visitor, 1)
            else:
                visitor.get("/health").raise_for_status()
            taken.append((began, perf_counter() - began))
            over.wait(pause)
    return taken


def download_slowly(front: Served, path: str, caller: Caller) -> bytes:
    """All of it, over some seconds."""
    visitor = http.client.HTTPConnection("127.0.0.1", front.port, timeout=20)
    visitor.request("GET", path, headers={"Authorization": f"Bearer {caller.token}"})
    answer = visitor.getresponse()
    assert answer.status == 200
    content = b""
    while piece := answer.read(262_144):
        content += piece
        sleep(0.4)
    visitor.close()
    return content


def test_it_loses_no_request_and_holds_none_for_two_seconds(caller: Caller, now: datetime) -> None:
    stock(1000, as_of=now, **LONG)
    stock(2000, as_of=now, age_days=201)
    with served(API_CALLS_AT_ONCE="100000", API_CALLS_PER_MINUTE="100000") as front, ThreadPoolExecutor() as threads:
        with httpx.Client(base_url=f"http://127.0.0.1:{front.port}", timeout=30) as shop:
            path = download_of(caller, buy(caller, shop, 1000))  # in an address of 38 kB
        over = Event()
        visits = [threads.submit(visit, front, pause, over, None) for pause in PAUSES]
        purchases = threads.submit(visit, front, 0.2, over, caller)
        download = threads.submit(download_slowly, front, path, caller)
        try:
            sleep(5)
            reloaded = perf_counter()
            for _ in range(2):
                front.reload()
                sleep(2)
            content = download.result(60)
        finally:
            over.set()
        taken = [request for one in [*visits, purchases] for request in one.result(30)]
        bought = len(purchases.result())
    before = max(seconds for began, seconds in taken if began + seconds < reloaded)  # by a machine that is busy
    assert max(seconds for _, seconds in taken) < 2 + before, sorted(taken)
    assert content.count(b"\r\n") == 1 + 1000
    assert Order.objects.count() == 1 + bought
    assert_books_balance()
