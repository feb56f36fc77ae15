"""A process that buys, to be killed: `python -m tests.concurrency.crash_worker DATABASE CLIENT_ID AS_OF`.

Reads one key a line. For each it forks a child, which connects by itself and places an order of 20 leads under that
key; the child's process id goes to standard output as soon as it is about to begin, and the child's end as soon as it
has come. (Forked, because starting Python and Django fifty times would take longer than the test may.)
"""

import os
import sys
from datetime import datetime
from uuid import UUID

import django
from django.conf import settings


def main() -> None:
    database, client_id, as_of = sys.argv[1], UUID(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from inventory.facts.criteria import Criteria, Demand
    from leads.age import AgeBucket
    from leads.classification import Classification
    from sales.ordering.baskets import CriteriaBasket
    from sales.ordering.services import order_place
    from tests.sales.purchases import at

    def buy(key: str) -> None:
        gold_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
        ten = Demand(criteria=gold_6, quantity=10)
        at(as_of, order_place, client_id=client_id, user_id=None, basket=CriteriaBasket([ten, ten]), key=key)

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                buy(line.strip())
            finally:
                os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
