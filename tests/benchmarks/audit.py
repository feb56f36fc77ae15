"""What the audit record costs as it grows: recording, sealing, verifying, and an auditor's pages.

    uv run python -m tests.benchmarks.audit [--rows 1000000] [--keep]

Prints medians in milliseconds and rates. The purchase with its event is in tests.benchmarks.purchase.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.database import drop_database, say, use_database

DATABASE = "benchmark_audit"

FILL = """
    INSERT INTO audit_events (id, occurred_at_utc, action, outcome, actor_id, actor, channel, source, address,
                              request_id, client_id, object_type, object_id, details)
    SELECT lpad(to_hex(n), 32, '0')::uuid, now() - interval '1 second' * (%(rows)s - n),
           (ARRAY['purchase', 'sign_in', 'export.end', 'price.set'])[1 + n %% 4],
           CASE WHEN n %% 1000 = 0 THEN 'failed' ELSE 'done' END,
           md5((n %% 5000)::text)::uuid, 'buyer' || n %% 5000 || '@agency.example', 'page', 'sales:draft-buy',
           '203.0.113.7', md5(n::text), md5((n %% 1000)::text)::uuid, 'sales.order', md5(n::text)::uuid::text,
           '{"leads": 25, "lines": 1, "total": "200.00", "currency": "USD"}'
    FROM generate_series(%(first)s, %(last)s) AS n
"""


def median(act: Callable[[], Any], repeats: int) -> float:
    """In milliseconds, without the first two."""
    times = []
    for _ in range(repeats + 2):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[2:])


def seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="events (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the database for a look")
    arguments = parser.parse_args()
    use_database(DATABASE)
    from django.db import connection
    from django.utils import timezone

    from homeshield.audit.actions import AuditAction
    from homeshield.audit.sealing import audit_seal
    from homeshield.audit.services import audit_record
    from homeshield.audit.verification import audit_verify

    def record() -> None:
        audit_record(action=AuditAction.PURCHASE, details={"leads": 25, "total": "200.00"}, as_of=None)

    def one() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    table = Table("what", "", title=f"{arguments.rows:,} audit events")
    table.columns[1].justify = "right"
    table.add_row("floor: an empty statement", f"{median(one, 500):.2f} ms")
    table.add_row("recording one, committed, in an empty table", f"{median(record, 500):.2f} ms")
    with connection.cursor() as cursor:
        for first in range(1, arguments.rows + 1, 100_000):
            last = min(first + 99_999, arguments.rows)
            cursor.execute(FILL, {"rows": arguments.rows, "first": first, "last": last})
        cursor.execute("VACUUM ANALYZE audit_events")
    say(f"{arguments.rows:,} events made")
    table.add_row("recording one, committed", f"{median(record, 500):.2f} ms")
    sealing = seconds(lambda: audit_seal(as_of=timezone.now()))
    table.add_row("sealing", f"{arguments.rows / sealing:,.0f} events per s")
    table.add_row(
        "sealing when there is nothing to do", f"{median(lambda: audit_seal(as_of=timezone.now()), 50):.2f} ms"
    )
    verifying = seconds(lambda: say(f"holds: {audit_verify().holds}"))
    table.add_row("verifying", f"{arguments.rows / verifying:,.0f} events per s")
    _pages(table)
    Console(width=110).print(table)
    if not arguments.keep:
        drop_database(DATABASE)


def _pages(table: Table) -> None:
    """The auditor's list: the first page and one in the middle, without filters and with each."""
    from django.db import connection

    from homeshield.audit.admin import ROWS
    from homeshield.audit.forms import EventFilterForm
    from homeshield.lib.keyset import keyset_page

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SELECT actor, actor_id, client_id, object_id, request_id FROM audit_events OFFSET 4242 LIMIT 1")
        actor, actor_id, client_id, object_id, request_id = cursor.fetchone()

    def page(cursor: str | None = None, **filters: Any) -> Any:
        events = EventFilterForm(filters).events().select_related("seal")
        return keyset_page(events, by="occurred_at_utc", of="audit events", cursor=cursor, limit=ROWS, descending=True)

    deep = page(before=page().rows[-1].occurred_at_utc - (page().rows[0].occurred_at_utc - _oldest()) / 2).next_cursor
    for name, filters in {
        "no filter": {},
        "who (address)": {"who": actor},
        "who (id)": {"who": str(actor_id)},
        "what": {"what": "export.end"},
        "outcome: failed": {"outcome": "failed"},
        "client": {"client": str(client_id)},
        "client, what and outcome": {"client": str(client_id), "what": "export.end", "outcome": "done"},
        "object": {"object": object_id},
        "request": {"request": request_id},
    }.items():
        first = median(lambda f=filters: page(**f), 30)  # type: ignore[misc]
        middle = median(lambda f=filters: page(deep, **f), 30)  # type: ignore[misc]
        table.add_row(f"page, {name}: first, in the middle", f"{first:.1f}, {middle:.1f} ms")


def _oldest() -> Any:
    from homeshield.audit.models import AuditEvent

    return AuditEvent.objects.order_by("occurred_at_utc").values_list("occurred_at_utc", flat=True)[0]


if __name__ == "__main__":
    main()
