"""One transaction per file.

While the database takes one batch, a thread cleans the next. Memory holds only a few batches, because duplicates within
the file are found in the table.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO, Protocol

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from homeshield.lib.copying import COPY_FORMAT, DELIMITER, copy_rows
from homeshield.lib.table_statistics import analyze_first_rows
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_key_check import contact_key_check, contact_key_confirm
from leads.ingestion.ahead import ahead, quick_turns
from leads.ingestion.cleaning import COPY_COLUMNS, Cleaner, NewLead, RowRefused
from leads.ingestion.encodings import Encoding
from leads.ingestion.known import known_keys
from leads.ingestion.load_row import load_begin, load_finish, load_summarize
from leads.ingestion.options import IngestOptions
from leads.ingestion.reader import Reader
from leads.ingestion.recording import failure_recorded, ingest_record, too_many_rejected_record
from leads.ingestion.rejects import Rejects, check_path, default_path
from leads.ingestion.report import IngestReport, Persons, Progress
from leads.ingestion.source import open_source
from leads.loads.models import Load
from leads.opt_outs.register import opted_out_keys

BATCH = 20_000
"""Rows. Round trips do not matter, and three batches fit in memory."""

BATCH_CHARACTERS = 16_000_000
"""Ends a batch of unusually long rows early."""

LOCK = int.from_bytes(b"ingest")
"""Advisory lock, held until commit: of two loads of one file, the second sees the first's leads."""


class Records[Row](Protocol):
    """What higher apps make of new leads."""

    def row(self, lead: NewLead) -> Row:
        """What to store for a lead. Runs in a thread, also for known leads."""

    def count(self, rows: Sequence[Row]) -> Counter[tuple[Classification, AgeBucket]]:
        """The records that these rows make."""

    def store(self, *, cursor: CursorWrapper, rows: Sequence[Row]) -> None:
        """Runs in the load's transaction."""

    def complete(self, *, load_id: int, began_at_utc: datetime) -> Persons:
        """Runs last in the load's transaction, when the whole file is stored.

        Its leads have this `load_id`. The batches may have missed what others committed since `began_at_utc`.
        """


@dataclass(slots=True)
class _Batch:
    leads: list[NewLead] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    keys: str = ""
    """The leads' natural keys as a PostgreSQL array, sorted like its index."""
    distinct: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    position: int = 0

    @property
    def rows(self) -> int:
        return len(self.leads) + self.rejected


def ingest(
    *,
    source: Path | BinaryIO,
    as_of: datetime,
    records: Callable[[datetime], Records[Any]],
    rejects_path: Path | None = None,
    dry_run: bool = False,
    options: IngestOptions | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> IngestReport:
    """Loads a call-center CSV from a path (.gz is unpacked) or a byte stream. `as_of` is the present.

    Loads everything or nothing: also nothing if too many rows are rejected. Skips known leads. Rejected rows go to
    `rejects_path`, by default beside the input. A dry run reports the same but leaves the database unchanged.

    Raises IngestRefused for an unreadable file or an unusable header.
    """
    started = perf_counter()
    options = options or IngestOptions()
    encoding = Encoding(options.encoding)
    named = source if isinstance(source, Path) else None
    rejects_path = rejects_path or default_path(named)
    check_path(rejects_path, named)
    with failure_recorded(named=named, as_of=as_of, dry_run=dry_run), open_source(source, encoding) as opened:
        reader = Reader(opened.lines, may_lack=options.may_lack, encoding=encoding)
        report = IngestReport(
            dry_run=dry_run,
            unknown_columns=reader.header.unknown,
            missing_columns=reader.header.missing,
            max_rejects=options.max_rejects,
            supplier=options.supplier,
        )
        rejects = Rejects(rejects_path, reader.header, codec=encoding.codec, raw=options.raw_rejects)
        wanted = records(as_of)
        batches = _batches(reader, Cleaner(reader.header, as_of=as_of), wanted, rejects, opened.position)
        try:
            with (
                transaction.atomic(durable=True),
                connection.cursor() as cursor,
                quick_turns(),
                closing(ahead(batches)) as ready,
            ):
                if dry_run:
                    table, load = _begin_rehearsal(cursor), None
                else:
                    table = _begin(cursor, progress)
                    load = load_begin(named=named, supplier=options.supplier, as_of=as_of)
                for batch in ready:
                    opted_out = _opted_out(batch)
                    new, rows = _not_there_yet(cursor, batch, table, opted_out)
                    _copy(cursor, new, table, load)
                    if not dry_run:
                        wanted.store(cursor=cursor, rows=rows)
                    _note(report, batch, new, len(opted_out), wanted.count(rows))
                    progress(Progress(report.rows, batch.position, opened.size))
                encoding.check()
                rejects.flush()  # a full disk must refuse the file before anything is committed
                report.sha256 = opened.sha256()
                if report.too_many_rejected:
                    transaction.set_rollback(True)
                elif load:
                    load_summarize()
                    report.persons = wanted.complete(load_id=load.id, began_at_utc=as_of)
                    load_finish(load, report)
                    ingest_record(report, named=named, as_of=as_of)
            if report.too_many_rejected:
                report.nothing_loaded()
                if not dry_run:
                    too_many_rejected_record(report, named=named, as_of=as_of)
            report.likelier_encoding = encoding.likelier
            report.rejects_file, report.rejects_cells_changed = rejects.publish(), rejects.cells_changed
            report.old_rejects_file = rejects_path if not report.rejects_file and rejects_path.exists() else None
        finally:
            rejects.discard()
    report.seconds = perf_counter() - started
    return report


def _batches(
    reader: Reader, cleaner: Cleaner, records: Records[Any], rejects: Rejects, position: Callable[[], int]
) -> Iterator[_Batch]:
    def complete(batch: _Batch) -> _Batch:
        batch.records = [records.row(lead) for lead in batch.leads]
        keys = sorted(lead.natural_key for lead in batch.leads)
        batch.keys, batch.distinct = f"{{{','.join(keys)}}}", len(set(keys))
        batch.position = position()
        return batch

    batch, size = _Batch(), 0
    for row in reader.rows():
        try:
            if row.fault:
                raise RowRefused(row.fault)
            batch.leads.append(lead := cleaner.clean(row.cells))
            size += len(lead.row)
        except RowRefused as refused:
            rejects.add(row.line, "; ".join(refused.args), row.cells)
            batch.rejected += 1
            batch.reasons.update(refused.args)
        if batch.rows == BATCH or size > BATCH_CHARACTERS:
            yield complete(batch)
            batch, size = _Batch(), 0
    yield complete(batch)


def _begin(cursor: CursorWrapper, progress: Callable[[Progress], None]) -> str:
    """Waits for other loads. Returns the table."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    if not cursor.fetchone()[0]:
        progress(Progress(waiting=True))
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        progress(Progress())
    contact_key_confirm()
    # Check foreign keys batch by batch, while the leads are in memory.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return "leads"


def _begin_rehearsal(cursor: CursorWrapper) -> str:
    contact_key_check()
    cursor.execute("CREATE TEMPORARY TABLE rehearsed_leads (LIKE leads INCLUDING ALL) ON COMMIT DROP")
    cursor.execute("SET TRANSACTION READ ONLY")
    return "rehearsed_leads"


def _opted_out(batch: _Batch) -> set[str]:
    """Lead ids."""
    keys = {key for lead in batch.leads for key in (lead.phone_key, lead.call_in_key) if key}
    if not (stopped := opted_out_keys(sorted(keys))):
        return set()
    return {lead.id for lead in batch.leads if lead.phone_key in stopped or lead.call_in_key in stopped}


def _not_there_yet(
    cursor: CursorWrapper, batch: _Batch, table: str, opted_out: set[str]
) -> tuple[list[NewLead], list[Any]]:
    """Drops leads that opted out or are known, also from earlier in the file."""
    seen = known_keys(cursor, batch.keys, table)
    if not seen and not opted_out and batch.distinct == len(batch.leads):
        return batch.leads, batch.records
    new, records = [], []
    for lead, record in zip(batch.leads, batch.records, strict=True):
        if lead.natural_key not in seen and lead.id not in opted_out:
            seen.add(lead.natural_key)
            new.append(lead)
            records.append(record)
    return new, records


def _copy(cursor: CursorWrapper, leads: Sequence[NewLead], table: str, load: Load | None) -> None:
    statement = f"COPY {table} (load_id, {', '.join(COPY_COLUMNS)}) FROM STDIN {COPY_FORMAT}"
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write(copy_rows((lead.row for lead in leads), before=f"{load.id if load else ''}{DELIMITER}"))
    if leads:
        analyze_first_rows(cursor, table)


def _note(
    report: IngestReport,
    batch: _Batch,
    new: Sequence[NewLead],
    opted_out: int,
    opened: Counter[tuple[Classification, AgeBucket]],
) -> None:
    gold = sum(lead.classification is Classification.GOLD for lead in new)
    report.rows += batch.rows
    report.loaded += len(new)
    report.opted_out += opted_out
    report.duplicates += len(batch.leads) - len(new) - opted_out
    report.rejected += batch.rejected
    report.reject_reasons += batch.reasons
    report.gold += gold
    report.silver += len(new) - gold
    report.without_phone += sum(not lead.phone_key and not lead.call_in_key for lead in new)
    report.opened += opened
    for lead in new:
        if lead.place.county and not lead.place.is_on_the_list:
            report.note_unmatched(lead.place.state, lead.place.county)
