"""The rows of an export: PostgreSQL reads, sanitizes and records them in batches.

Sales and leads never change, so batches agree without a surrounding transaction. Two are read ahead, each on its own
connection. Figures: docs/decisions/0004-exports-by-copy.md.
"""

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from exports.columns import COLUMNS
from exports.models import Export
from homeshield.lib.spreadsheet_cells import DANGEROUS, TELLING_PREFIX, harmless_sql
from homeshield.lib.viewer import Viewer, declare, seen_by

BATCH = 5_000
"""Sales: 1.5 to 2 MB of CSV, about 40 ms in the database."""

READERS = 2
"""Batches read at the same time."""


class ExportInterrupted(RuntimeError):
    """The rows differ from the record. Aborts the stream, so the file cannot pass as complete."""


def batches(export: Export) -> Generator[bytes]:
    """Yields the rows in order, without the header.

    Raises ExportInterrupted or a database error. Between pieces it holds no transaction or connection.
    """
    places = range(0, export.rows, BATCH)
    if len(places) == 1 or connection.in_atomic_block:  # whose rows other connections cannot see
        yield from (_batch(export, first) for first in places)
        return
    with ThreadPoolExecutor(READERS, thread_name_prefix="export") as readers:
        coming = deque(readers.submit(_batch_apart, export, first) for first in places[:READERS])
        try:
            for first in places:
                piece = coming.popleft().result()
                if (later := first + READERS * BATCH) in places:
                    coming.append(readers.submit(_batch_apart, export, later))
                yield piece
        finally:
            readers.shutdown(cancel_futures=True)


def _batch_apart(export: Export, first: int) -> bytes:
    """Frees the connection before a slow buyer takes the piece."""
    try:
        return _batch(export, first)
    finally:
        connection.close()


_OUTSIDE = [column for column in COLUMNS if column.from_outside]

# A row is suspect if any cell starts with a dangerous character. One match over all first characters spares almost
# every row a check per cell. OFFSET 0 keeps PostgreSQL from repeating it.
_COPY = f"""
    COPY (
        SELECT suspect, {", ".join(column.harmless_sql for column in COLUMNS)}
        FROM (
            SELECT exported.place, {", ".join(f'{column.sql} AS "{column.header}"' for column in COLUMNS)},
                   concat({", ".join(f"left({column.sql}, 1)" for column in _OUTSIDE)}) ~ '{DANGEROUS}'
                   AS suspect
            FROM (
                SELECT sale_id, place
                FROM exports, unnest(sale_ids[{{first}} : {{last}}]) WITH ORDINALITY AS exported (sale_id, place)
                WHERE exports.id = {{export}}
                ORDER BY place OFFSET 0
            ) AS exported
            JOIN sales sale ON sale.id = exported.sale_id
            JOIN leads lead ON lead.id = sale.lead_id
            ORDER BY place OFFSET 0
        ) AS whole
        ORDER BY place
    ) TO STDOUT (FORMAT csv, ENCODING 'UTF8')
"""  # noqa: S608 - made of our own columns

_RECORD_CHANGED_CELLS = f"""
    INSERT INTO export_sanitised_cells (id, export_id, sale_id, "column", removed)
    SELECT gen_random_uuid(), %(export)s, sale.id, cell.header,
           left(cell.value, length(cell.value) - length({harmless_sql("cell.value")}))
    FROM sales sale
    JOIN leads lead ON lead.id = sale.lead_id
    CROSS JOIN LATERAL (VALUES {", ".join(f"('{column.header}', {column.sql})" for column in _OUTSIDE)})
               AS cell (header, value)
    WHERE sale.id = ANY(%(sales)s::uuid[]) AND cell.value ~ '{TELLING_PREFIX}'
"""  # noqa: S608 - made of our own columns


def _batch(export: Export, first: int) -> bytes:
    """Returns a batch's CSV rows from place `first` (from 0). Records the changed cells.

    PostgreSQL sends each row in one message (its protocol promises it), so row ends differ from line breaks in cells.
    The stream outlives its request, so each batch declares its viewer.
    """
    statement = sql.SQL(_COPY).format(  # COPY takes no parameters
        export=sql.Literal(export.id), first=sql.Literal(first + 1), last=sql.Literal(first + BATCH)
    )
    rows: list[memoryview | bytes] = []
    suspects: list[UUID] = []
    with seen_by(Viewer(export.client_id)), transaction.atomic(), connection.cursor() as cursor:
        declare(connection)
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in copy:  # `t,` or `f,`, then the row, which starts with the sale's id
                rows.append(row[2:-1])
                if row[:1] == b"t":
                    suspects.append(UUID(bytes(row[2:38]).decode()))
        if len(rows) != min(BATCH, export.rows - first):
            raise ExportInterrupted(f"Export {export.id}: {len(rows)} rows instead of those from {first} on.")
        if suspects:
            cursor.execute(_RECORD_CHANGED_CELLS, {"export": export.id, "sales": suspects})
    rows.append(b"")
    return b"\r\n".join(rows)
