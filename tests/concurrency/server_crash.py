"""Buys while its database server is killed again and again: `python -m tests.concurrency.server_crash ROUNDS`.

Runs on an embedded server of its own, in the folder that HOMESHIELD_POSTGRES_DIR names. After each crash the books
must balance and the repeat of the order must complete it. Prints one line a round; any fault ends it with an error.
"""

import os
import random
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Thread

import django
from django.core.management import call_command
from django.db import DatabaseError, connection


def main(rounds: int) -> None:
    django.setup()
    from homeshield.lib import embedded_postgres
    from inventory.facts.criteria import Criteria
    from inventory.models import InventoryRecord
    from leads.age import AgeBucket
    from leads.classification import Classification
    from sales.models import Order, Sale
    from tests.factories import ClientFactory, stock
    from tests.sales.purchases import buy as buy_at
    from tests.sales.purchases import set_prices

    as_of = datetime(2026, 6, 1, tzinfo=UTC)
    call_command("migrate", verbosity=0)
    set_prices(as_of - timedelta(days=1))
    stock(20 * rounds, as_of=as_of)
    buyer = ClientFactory()
    gold_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)

    def buy(key: str) -> None:
        try:
            buy_at(buyer, 20, gold_6, key=key, as_of=as_of)
        finally:
            connection.close()

    def try_to_buy(key: str) -> None:
        with suppress(DatabaseError):  # the server died under it
            buy(key)

    chance = random.Random(7)
    for number in range(rounds):
        buyer_thread = Thread(target=try_to_buy, args=[f"order-{number}"])
        buyer_thread.start()
        time.sleep(chance.uniform(0.0, 0.03))
        os.kill(embedded_postgres.status().pid or 0, signal.SIGKILL)
        buyer_thread.join()
        connection.close()
        through = Order.objects.count()
        sold = InventoryRecord.objects.filter(sold_at_utc__isnull=False).count()
        assert sold == Sale.objects.count() == 20 * through, (through, sold, Sale.objects.count())
        buy(f"order-{number}")
        assert Order.objects.count() == number + 1
        sys.stdout.write(f"round {number}: {'whole' if through > number else 'nothing'}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
