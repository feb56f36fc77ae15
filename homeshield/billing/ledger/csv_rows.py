"""The ledger as CSV, for accounting: for a client its own account, for staff all of them."""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import StringIO
from itertools import batched
from uuid import UUID

from django.http import StreamingHttpResponse

from homeshield.billing.ledger.selectors import Entry, all_transactions, ledger_entries
from homeshield.lib.spreadsheet_cells import harmless

type Row = Iterable[object]

CLIENT_HEADER = ("Number", "Date (UTC)", "What", "Reference", "Amount (USD)", "Balance (USD)", "Transaction")


def ledger_csv(header: Row, rows: Iterable[Row], *, as_of: datetime) -> StreamingHttpResponse:
    """The answer to whoever downloads a ledger."""
    headers = {
        "Content-Disposition": f'attachment; filename="homeshield-ledger-{as_of:%Y-%m-%d}.csv"',
        "Cache-Control": "no-store",
    }
    return StreamingHttpResponse(_chunks(header, rows), content_type="text/csv; charset=utf-8", headers=headers)


def _chunks(header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """UTF-8, with the mark by which spreadsheets know it."""
    yield BOM_UTF8 + _chunk([header])
    yield from map(_chunk, batched(rows, 1000))


def _chunk(rows: Iterable[Row]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def client_rows(client_id: UUID) -> Iterator[tuple[object, ...]]:
    return (_row(entry) for entry in ledger_entries(client_id=client_id))


def day(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.entry, day(entry.happened_at_utc), entry.kind.label, harmless(entry.reference), entry.amount,
        entry.balance_after, entry.id,
    )  # fmt: skip


STAFF_HEADER = (
    "Date (UTC)", "Client", "Client id", "What", "Reference", "Amount (USD)", "Balance (USD)", "Against", "Transaction",
    "Source",
)  # fmt: skip


def all_rows() -> Iterator[tuple[object, ...]]:
    """Of all clients, in the order in which they were made."""
    for made in all_transactions():
        legs = {leg.account: leg for leg in made.legs.all()}
        ours = legs.pop("client")
        [(against, _)] = legs.items()
        yield (
            day(made.happened_at_utc), harmless(made.client.name), made.client_id, made.get_kind_display(),
            harmless(made.reference), ours.amount, ours.balance_after, against, made.id, made.source_id,
        )  # fmt: skip
