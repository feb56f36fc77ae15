"""The ledger as CSV, for accounting: for a client its own account, for staff all of them."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from homeshield.billing.ledger.selectors import Entry, all_transactions, ledger_entries
from homeshield.lib.spreadsheet_cells import harmless

CLIENT_HEADER = ("Number", "Date (UTC)", "What", "Reference", "Amount (USD)", "Balance (USD)", "Transaction")


class _Line:
    """A file for csv.writer that keeps what was written last."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """UTF-8, with the mark by which spreadsheets know it."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(header)
    yield b"\xef\xbb\xbf" + line.text.encode()
    for row in rows:
        writer.writerow(row)
        yield line.text.encode()


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
