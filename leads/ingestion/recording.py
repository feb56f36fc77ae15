"""Audit records of loads. They contain no row's data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError

from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.services import audit_record
from homeshield.lib.errors import DomainError
from leads.ingestion.report import IngestReport


def ingest_record(report: IngestReport, *, named: Path | None, as_of: datetime) -> None:
    """Must run in the load's transaction: both exist or neither."""
    audit_record(
        action=AuditAction.INGEST,
        obj=_file(named),
        details={
            "load": report.load,
            "supplier": report.supplier,
            "rows": report.rows,
            "loaded": report.loaded,
            "duplicates": report.duplicates,
            "rejected": report.rejected,
            "opted_out": report.opted_out,
            "inventory_created": report.inventory_created,
            "missing_columns": report.missing_columns,
            "unknown_columns": len(report.unknown_columns),
        },
        as_of=as_of,
    )


def too_many_rejected_record(report: IngestReport, *, named: Path | None, as_of: datetime) -> None:
    audit_record(
        action=AuditAction.INGEST,
        outcome=Outcome.REFUSED,
        obj=_file(named),
        details={"reason": "too_many_rejected", "rows": report.rows, "rejected": report.rejected},
        as_of=as_of,
    )


@contextmanager
def failure_recorded(*, named: Path | None, as_of: datetime, dry_run: bool) -> Iterator[None]:
    """Records why a load failed: the code of a refusal, the type of any other exception."""
    try:
        yield
    except BaseException as error:
        refused = isinstance(error, DomainError)
        if not dry_run:
            with suppress(DatabaseError):  # which may be why the load failed
                audit_record(
                    action=AuditAction.INGEST,
                    outcome=Outcome.REFUSED if refused else Outcome.FAILED,
                    obj=_file(named),
                    details={"reason": error.code if isinstance(error, DomainError) else type(error).__name__},
                    as_of=as_of,
                )
        raise


def _file(named: Path | None) -> tuple[str, str]:
    """Without the folder, which says more about the machine than the file."""
    return ("file", os.fsencode(named.name).decode(errors="replace")) if named else ("standard input", "")
