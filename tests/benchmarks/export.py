"""How long the export of one order takes, beside psql's \\copy of the same query, as the inventory grows.

    uv run python -m tests.benchmarks.export [--sales 100000] [--leads 100000 1000000] [--rounds 7]

Makes a database of its own for each number of leads, fills it, and drops it afterwards. Every round runs both, in turn,
so that a busy machine is unfair to both. The floor writes the same harmless cells but records nothing and holds one
snapshot throughout.
"""

import argparse
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID

from tests.benchmarks.database import drop_database, psql_command, say, use_database

if TYPE_CHECKING:
    from exports.columns import Column

DATABASE = "benchmark_export"
CLIENT, ORDER = UUID(int=1), UUID(int=2)

# Keys in order of time, as the application's; sold leads lie scattered over all leads; 1 of 50 holds a formula.
FILL = """
CREATE FUNCTION key(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (kind || lpad(to_hex(number), 8, '0') || substr(md5(number::text), 1, 16))::uuid $$;
INSERT INTO leads (id, created_at_utc, classification, state, county, city, zip, address, full_name, first_name,
    last_name, co_borrower_name, borrower_phone, call_in_phone_number, borrower_age, borrower_medical_issues,
    borrower_tobacco_use, co_borrower, source, mortgage_id, mortgage_amount, lender, sale_date, call_in_date,
    campaign_id, type, status, agent_id, natural_key)
SELECT key('0191aaaa', n), now() - interval '200 days', 'Gold', 'LA', 'Caddo', 'Oakville', '71118-2401',
    n || ' Magnolia Dr', CASE WHEN n %% 50 = 0 THEN '=' ELSE '' END || 'Ada Fontenot' || n, 'Ada', 'Fontenot' || n,
    'BEAU FONTENOT', '3181' || lpad((n %% 1000000)::text, 6, '0'), '3181' || lpad((n %% 1000000)::text, 6, '0'),
    '51', 'No', 'No', 'Yes', 'CALL', n::text, '$132,550',
    'FIRST EXAMPLE BANK', '3/6/2023', '03-06-2026 10:00:00', 'BENCH', 'NEW MTG', 'NEW', '1001', key('0191aaaa', n)
FROM generate_series(1, %(leads)s) n;
INSERT INTO inventory (id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc)
SELECT key('0191bbbb', row_number() OVER ()), id, 'MONTH_6_TO_8', classification, state, county,
    created_at_utc + interval '4320 hours', created_at_utc + interval '6480 hours'
FROM (SELECT * FROM leads ORDER BY md5(id::text) LIMIT %(sales)s) AS sold;
UPDATE inventory SET sold_at_utc = %(as_of)s;
"""

SELL = f"""
INSERT INTO sales (id, order_id, line_number, inventory_id, lead_id, client_id, age_bucket, purchase_price, list_price,
    currency, sold_at_utc)
SELECT key('0191dddd', n), '{ORDER}', (n - 1) / 1000 + 1, id, lead_id, '{CLIENT}', age_bucket, 8, 8, 'USD', sold_at_utc
FROM (SELECT row_number() OVER (ORDER BY id) AS n, * FROM inventory) AS sold;
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sales", type=int, default=100_000, help="a multiple of 1000, and no more than the leads")
    parser.add_argument("--leads", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    for leads in arguments.leads:
        use_database(DATABASE)
        try:
            fill(leads, arguments.sales)
            with TemporaryDirectory() as folder:
                say(f"{arguments.sales:,} sales of {leads:,} leads")
                compare(Path(folder), arguments.rounds)
        finally:
            drop_database(DATABASE)


def fill(leads: int, quantity: int) -> None:
    """One order of whole lines of 1000, at 8.00 each; all of it at one instant, as its triggers demand."""
    from django.db import connection, transaction
    from django.utils import timezone

    from homeshield.accounts.models import Client, ClientStatus
    from homeshield.billing.ledger.kinds import Kind
    from homeshield.billing.ledger.services import ledger_record
    from homeshield.billing.payments.services import transfer_record
    from leads.age import AgeBucket
    from leads.classification import Classification
    from sales.invoicing.services import invoice_of
    from sales.models import Order, OrderLine

    as_of, price = timezone.now(), Decimal("8.00")
    with transaction.atomic(), connection.cursor() as cursor:
        Client.objects.create(id=CLIENT, name="Benchmark", status=ClientStatus.ACTIVE)
        cursor.execute(FILL, {"leads": leads, "sales": quantity, "as_of": as_of})
        line = {"classification": Classification.GOLD, "age_bucket": AgeBucket.MONTH_6_TO_8, "quantity": 1000}
        Order.objects.create(id=ORDER, client_id=CLIENT, placed_at_utc=as_of, quantity=quantity, total=quantity * price)
        OrderLine.objects.bulk_create(
            OrderLine(order_id=ORDER, number=number, unit_price=price, list_price=price, amount=1000 * price, **line)
            for number in range(1, quantity // 1000 + 1)
        )
        cursor.execute(SELL)
        order = Order.objects.get(id=ORDER)
        invoice_of(order, as_of=as_of)
        transfer_record(client_id=CLIENT, amount=order.total, reference="Benchmark", by=None, as_of=as_of)
        ledger_record(kind=Kind.ORDER, client_id=CLIENT, source_id=ORDER, amount=order.total, as_of=as_of)
        cursor.execute(floor_view())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def floor_view() -> str:
    """A view, because \\copy wants its statement on one line."""
    from exports.columns import COLUMNS

    cells = ", ".join(f'{harmless(column)} AS "{column.header}"' for column in COLUMNS)
    return (
        f"CREATE VIEW floor AS SELECT {cells}, sale.line_number "
        "FROM sales sale JOIN leads lead ON lead.id = sale.lead_id"
    )


def harmless(column: "Column") -> str:
    from homeshield.lib.spreadsheet_cells import harmless_sql

    return harmless_sql(column.sql) if column.from_outside else column.sql


def compare(folder: Path, rounds: int) -> None:
    floors, wholes, firsts, peaks = [], [], [], []
    for _ in range(rounds):
        floors.append(timed(lambda: copy_with_psql(folder / "floor.csv")))
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        began = time.perf_counter()
        firsts.append(stream(folder / "ours.csv") - began)
        wholes.append(time.perf_counter() - began)
        peaks.append(peak_memory())
    assert (folder / "ours.csv").read_bytes().replace(b"\r\n", b"\n") == (folder / "floor.csv").read_bytes()
    floor, whole = statistics.median(floors), statistics.median(wholes)
    say(f"psql \\copy        {floor:7.3f} s  ({min(floors):.3f} to {max(floors):.3f})")
    say(f"export            {whole:7.3f} s  ({min(wholes):.3f} to {max(wholes):.3f})")
    say(f"ratio             {whole / floor:7.2f}")
    say(f"first byte after  {statistics.median(firsts):7.3f} s")
    say(f"peak memory       {max(peaks):7.0f} MB, in the last round {peaks[-1]:.0f} MB")


def stream(path: Path) -> float:
    """Exports the order to a file; returns the time at which its first piece was there."""
    from django.utils import timezone

    from exports.services import export_start_order, export_stream

    export = export_start_order(client_id=CLIENT, user=None, order_id=ORDER, as_of=timezone.now())
    pieces = export_stream(export)
    with path.open("wb") as file:
        file.write(next(pieces))
        first = time.perf_counter()
        file.writelines(pieces)
    return first


def copy_with_psql(path: Path) -> None:
    from exports.columns import COLUMNS

    columns = ", ".join(column.header for column in COLUMNS)
    query = f"SELECT {columns} FROM floor WHERE order_id = '{ORDER}' ORDER BY line_number, sale_id"
    subprocess.run(psql_command(f"\\copy ({query}) TO '{path}' WITH (FORMAT csv, HEADER)"), check=True)


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_memory() -> float:
    """Megabytes of this process at its highest since the peak began anew."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
