"""What a suppression list of a million entries costs: `uv run python -m tests.benchmarks.suppression`.

It is recognized, received, brought into effect beside a million leads, and removed; orders of other clients go on
meanwhile. `--leads` and `--entries` change the numbers.
"""

import argparse
import random
import statistics
import threading
import time
import tracemalloc
from typing import Any

from tests.benchmarks.database import drop_database, fill, say, use_database

NAME = "benchmark_suppression"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--leads", type=int, default=1_000_000)
    asked.add_argument("--entries", type=int, default=1_000_000)
    chosen = asked.parse_args()
    use_database(NAME)
    try:
        _measure(chosen.leads, chosen.entries)
    finally:
        drop_database(NAME)


def _measure(leads: int, entries: int) -> None:
    from django.utils import timezone

    from homeshield.accounts.models import Client
    from inventory.suppression.services import list_remove
    from tests.sales.purchases import set_prices

    as_of = timezone.now()
    fill(0, leads, classification="Gold", bucket="MONTH_6_TO_8", as_of=as_of)
    _give_keys()
    set_prices(since=as_of)
    client = Client.objects.create(name="Lists", status="active")
    _recognise(entries)
    made = _receive(client, _keys(leads, entries), as_of)
    _work("in effect", made, as_of)
    list_remove(client_id=client.id, list_id=made.id, as_of=as_of)
    _work("removed", made, as_of)


def _give_keys() -> None:
    """Of no number: what is measured begins with keys."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE leads SET phone_key = md5(id::text)::uuid")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")


def _recognise(entries: int) -> None:
    """A file as it comes, in pieces of 64 kB."""
    from inventory.suppression.models import PIECE
    from inventory.suppression.recognition import Recogniser

    data = "\n".join(f"{n},504{2_000_000 + n}" for n in range(entries)).encode()
    for traced in (False, True):
        if traced:
            tracemalloc.start()
        begun = time.perf_counter()
        recogniser = Recogniser()
        for at in range(0, len(data), 65_536):
            recogniser.feed(data[at : at + 65_536])
        pieces = sum(1 for _ in recogniser.finish().keys.pieces(PIECE))
        if not traced:
            taken = time.perf_counter() - begun
            say(f"recognized {entries:,} entries ({len(data):,} bytes) in {taken:.1f} s: {pieces} pieces")
    say(f"memory for it: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")
    tracemalloc.stop()


def _keys(leads: int, entries: int) -> list[bytes]:
    """Half of them of people whose leads are there."""
    from leads.models import Lead

    known = Lead.objects.filter(phone_key__isnull=False).values_list("phone_key", flat=True)[: entries // 2]
    keys = [key.bytes for key in known.iterator() if key]
    chance = random.Random(1)
    return keys + [chance.randbytes(16) for _ in range(entries - len(keys))]


def _receive(client: Any, keys: list[bytes], as_of: Any) -> Any:
    from inventory.suppression.recognition import Recognised
    from inventory.suppression.services import list_create, upload_confirm, upload_receive

    recognised = Recognised()
    for key in keys:
        recognised.keys.add(key)
    made = list_create(client_id=client.id, name="Bench", user=None, as_of=as_of)
    begun = time.perf_counter()
    upload = upload_receive(of=made, recognised=recognised, replaces=False, user=None, as_of=as_of)
    say(f"received in {time.perf_counter() - begun:.1f} s")
    upload_confirm(client_id=client.id, upload_id=upload.id, as_of=as_of)
    return made


def _work(what: str, of: Any, as_of: Any) -> None:
    from django.utils import timezone

    from inventory.suppression.pieces import list_step

    stop = threading.Event()
    orders: list[float] = []
    buyer = threading.Thread(target=_buy, args=(stop, orders))
    buyer.start()
    pieces: list[float] = []
    begun = time.perf_counter()
    more = True
    while more:
        since = time.perf_counter()
        more = list_step(list_id=of.id, as_of=timezone.now())
        pieces.append(time.perf_counter() - since)
    taken = time.perf_counter() - begun
    stop.set()
    buyer.join()
    of.refresh_from_db()
    upload = of.uploads.get()
    say(
        f"{what} in {taken:.0f} s: {len(pieces)} pieces, median {statistics.median(pieces) * 1000:.0f} ms, longest "
        f"{max(pieces) * 1000:.0f} ms; {of.entries:,} entries, {upload.matched:,} leads matched"
    )
    if orders:
        say(
            f"beside it {len(orders)} orders of 10 of another client: median "
            f"{statistics.median(orders) * 1000:.0f} ms, longest {max(orders) * 1000:.0f} ms"
        )


def _buy(stop: threading.Event, orders: list[float]) -> None:
    from django.db import connection
    from django.utils import timezone

    from inventory.facts.criteria import Criteria
    from leads.age import AgeBucket
    from leads.classification import Classification
    from tests.factories import ClientFactory
    from tests.sales.purchases import buy

    client = ClientFactory()
    gold = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
    try:
        while not stop.is_set():
            since = time.perf_counter()
            buy(client, 10, gold, as_of=timezone.now())
            orders.append(time.perf_counter() - since)
            stop.wait(0.1)
    finally:
        connection.close()


if __name__ == "__main__":
    main()
