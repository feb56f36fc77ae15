"""Exports: the record and the bytes (contract, "Export").

The record is committed before any bytes are sent. A slow download must hold no lock and no snapshot, which would keep
dead entries in inventory's indexes and slow every order.
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
    """Records the export of an order; `export_stream` returns the bytes. Raises SaleNotFound."""
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
    """Records the export of these sales, each once. Raises NoSalesNamed, SaleNotFound, SaleOfAnotherClient."""
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
    """Returns the ids that exist for any client: row security hides others' sales."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT existing_sales(%s)", [list(sale_ids)])
        return {row[0] for row in cursor.fetchall()}


def export_stream(export: Export) -> Iterator[bytes]:
    """Returns the CSV: UTF-8, CRLF line ends (RFC 4180).

    Between pieces no statement, transaction or lock is open. Raises ExportInterrupted or a database error instead of
    ending early, so that a broken download fails visibly. Taking the last piece calls `export_complete`.
    """
    return _stream(export, origin())


def _stream(export: Export, begun: Origin) -> Iterator[bytes]:
    """Runs after the request, but records its end as that request's act."""
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
        with within(begun), seen_by(viewer), suppress(DatabaseError):  # the database may be the cause
            reason = "left" if isinstance(error, GeneratorExit) else type(error).__name__
            _record_end(export, Outcome.FAILED, {"reason": reason, "size_bytes": size})
        raise
    with within(begun), seen_by(viewer):
        export_complete(export=export, sha256=digest.hexdigest(), size_bytes=size)


def export_complete(*, export: Export, sha256: str, size_bytes: int) -> ExportCompletion:
    """Records that an export was sent completely, once: a second call raises IntegrityError."""
    with transaction.atomic():
        completion = ExportCompletion.objects.create(export=export, sha256=sha256, size_bytes=size_bytes)
        sanitised = SanitisedCell.objects.filter(export=export).count()
        facts: Details = {"sha256": sha256, "size_bytes": size_bytes, "sanitised_cells": sanitised}
        _record_end(export, Outcome.DONE, facts)
        return completion


def _record_end(export: Export, outcome: Outcome, facts: Details) -> None:
    """At the database's time: a slow reader ends long after the request."""
    audit_record(
        action=AuditAction.EXPORT_END,
        outcome=outcome,
        obj=export,
        client_id=export.client_id,
        details={"rows": export.rows, **facts},
        as_of=None,
    )


# In SQL: the ids of 100,000 sales would take 10 MB in Python.
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
    """Returns None if none of the client's sales match."""
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
