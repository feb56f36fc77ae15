"""Exports: the record of one, and its bytes (contract, "Export").

The record comes first, in a transaction of its own: who, when and which sales. The bytes then follow batch by batch,
each with the record of the cells that lost leading formula characters; the file's digest is recorded when the last
byte was given out. However slowly a buyer downloads, no snapshot stays open (it would keep the dead entries of
inventory's indexes alive, which every order would pay for), no lock is held, and memory stays flat.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from exports.batches import batches
from exports.columns import COLUMNS
from exports.errors import NoSalesNamed, SaleNotFound, SaleOfAnotherClient, SalesOrderNotFound
from exports.models import Export, ExportCompletion, SanitisedCell
from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.services import Details, audit_record
from homeshield.lib.ids import new_id
from homeshield.lib.origin import Origin, origin, within
from homeshield.lib.viewer import Viewer, seen_by
from sales.models import Sale


def export_start_order(
    *, client_id: UUID, user: User | None, order_id: UUID, as_of: datetime, api_key_id: UUID | None = None
) -> Export:
    """Records the export of all the sales of a client's order; `export_stream` gives its bytes.

    Raises SaleNotFound where there is no such order of this client's.
    """
    export = _record(
        "sale.order_id = %(which)s", order_id, client_id=client_id, user=user, api_key_id=api_key_id, as_of=as_of
    )
    if export is None:
        raise SalesOrderNotFound
    return export


def export_start_sales(
    *,
    client_id: UUID,
    user: User | None,
    sale_ids: Sequence[UUID],
    as_of: datetime,
    api_key_id: UUID | None = None,
) -> Export:
    """Records the export of the client's sales with these ids, each once; `export_stream` gives its bytes.

    Raises NoSalesNamed, SaleNotFound or SaleOfAnotherClient; then nothing is recorded.
    """
    if not sale_ids:
        raise NoSalesNamed
    existing = _existing(sale_ids)
    if missing := [sale_id for sale_id in sale_ids if sale_id not in existing]:
        raise SaleNotFound(sale_ids=missing)
    own = set(Sale.objects.filter(id__in=sale_ids, client_id=client_id).values_list("id", flat=True))
    if foreign := [sale_id for sale_id in sale_ids if sale_id not in own]:
        raise SaleOfAnotherClient(sale_ids=foreign)
    export = _record(
        "sale.id = ANY(%(which)s)", list(own), client_id=client_id, user=user, api_key_id=api_key_id, as_of=as_of
    )
    if export is None:
        raise SaleNotFound(sale_ids=list(own))
    return export


def _existing(sale_ids: Sequence[UUID]) -> set[UUID]:
    """Which of the sales exist, whosever they are: the database shows a client's request its own alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT existing_sales(%s)", [list(sale_ids)])
        return {row[0] for row in cursor.fetchall()}


def export_stream(export: Export) -> Iterator[bytes]:
    """The CSV of an export: UTF-8, CRLF line ends (RFC 4180), one row per sale, the header with the first batch.

    Between two pieces no statement, transaction or lock is open, so the stream may be read slowly or left at any
    point. Raises ExportInterrupted or a database error rather than end early: the server then breaks the connection
    off, and the download fails instead of looking complete. Once the last piece is taken, the whole is recorded
    (`export_complete`); a download that was left has no such record.
    """
    return _stream(export, origin())


def _stream(export: Export, begun: Origin) -> Iterator[bytes]:
    """The pieces. They are taken when the request that has begun the export is answered, but its end is that request's
    matter all the same."""
    viewer, digest, size = Viewer(export.client_id), sha256(), 0
    header = ",".join(column.header for column in COLUMNS).encode() + b"\r\n"
    try:
        with closing(batches(export)) as rows:
            for piece in rows:
                whole = header + piece
                header = b""
                digest.update(whole)
                size += len(whole)
                yield whole
    except BaseException as error:
        with within(begun), seen_by(viewer), suppress(DatabaseError):  # which may be what has broken it off
            reason = "left" if isinstance(error, GeneratorExit) else type(error).__name__
            _record_end(export, Outcome.FAILED, {"reason": reason, "size_bytes": size})
        raise
    with within(begun), seen_by(viewer):
        export_complete(export=export, sha256=digest.hexdigest(), size_bytes=size)


def export_complete(*, export: Export, sha256: str, size_bytes: int) -> ExportCompletion:
    """Records that all of an export was given out, and what it was: the file's SHA-256 in hexadecimal, and its size.

    Once per export: a second time is an IntegrityError.
    """
    with transaction.atomic():
        completion = ExportCompletion.objects.create(export=export, sha256=sha256, size_bytes=size_bytes)
        sanitised = SanitisedCell.objects.filter(export=export).count()
        facts: Details = {"sha256": sha256, "size_bytes": size_bytes, "sanitised_cells": sanitised}
        _record_end(export, Outcome.DONE, facts)
        return completion


def _record_end(export: Export, outcome: Outcome, facts: Details) -> None:
    """For the auditor. The instant is the database's: a slow reader takes the last piece long after the request."""
    audit_record(
        action=AuditAction.EXPORT_END,
        outcome=outcome,
        obj=export,
        client_id=export.client_id,
        details={"rows": export.rows, **facts},
        as_of=None,
    )


def _listed(ids: Sequence[UUID]) -> str:
    return ", ".join(str(one) for one in ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")


# In SQL, so that the ids stay in the database: an order of 100,000 sales would be 10 MB of Python's UUIDs.
_RECORD = """
    INSERT INTO exports (id, client_id, user_id, api_key_id, exported_at_utc, sale_ids, rows)
    SELECT %(id)s, %(client)s, %(user)s, %(api_key)s, %(as_of)s,
           array_agg(sale.id ORDER BY sale.order_id, sale.line_number, sale.id), count(*)
    FROM sales sale WHERE sale.client_id = %(client)s AND {which} HAVING count(*) > 0
"""


def _record(
    which_sql: str,
    which: UUID | list[UUID],
    *,
    client_id: UUID,
    user: User | None,
    api_key_id: UUID | None,
    as_of: datetime,
) -> Export | None:
    """Writes down who exports what and when; None where no sale of the client's matches."""
    export_id, user_id = new_id(), user.id if user else None
    named = {"id": export_id, "client": client_id, "user": user_id, "api_key": api_key_id, "as_of": as_of}
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_RECORD.format(which=which_sql), named | {"which": which})
        export = Export.objects.defer("sale_ids").filter(id=export_id).first()
        if export:
            audit_record(
                action=AuditAction.EXPORT_START,
                obj=export,
                client_id=client_id,
                details={"rows": export.rows},
                as_of=as_of,
            )
        return export
