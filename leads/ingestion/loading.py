"""From batches of leads to the database: all of a file in one transaction, or nothing.

While the database takes one batch, a thread makes the next: reads and cleans it, and puts its rows together. Memory
holds a few batches, whatever the size of the file: duplicates within it are found in the table, where the batches
before are already.
"""

import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any, BinaryIO, Protocol

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from homeshield.lib.copying import COPY_FORMAT, copy_rows
from homeshield.lib.table_statistics import analyze_first_rows
from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion.cleaning import COPY_COLUMNS, Cleaner, NewLead, RowRefused
from leads.ingestion.encodings import Encoding
from leads.ingestion.options import IngestOptions
from leads.ingestion.reader import Reader
from leads.ingestion.recording import failure_recorded, ingest_record, too_many_rejected_record
from leads.ingestion.rejects import Rejects, check_path, default_path
from leads.ingestion.report import IngestReport, Progress
from leads.ingestion.source import open_source

BATCH = 20_000
"""Rows. Large enough that a batch's round trips do not matter, small enough that three of them fit the memory."""

BATCH_CHARACTERS = 16_000_000
"""Of rows that are unusually long fewer make a batch."""

LOCK = int.from_bytes(b"ingest")
"""The advisory lock that a load holds until it commits: of two loads of one file the second sees the first's leads."""


class Records[Row](Protocol):
    """What the floors above make of new leads, at the instant for which it was made."""

    def row(self, lead: NewLead) -> Row:
        """What is to be stored for a lead. Called beside the database's work, for leads that may be known already."""

    def count(self, rows: Sequence[Row]) -> Counter[tuple[Classification, AgeBucket]]:
        """How many records of each class and bucket it makes to store these rows."""

    def store(self, *, cursor: CursorWrapper, rows: Sequence[Row]) -> None:
        """Stores what was made for new leads, within the load's transaction."""

    def complete(self) -> None:
        """All of the file is stored; the load's transaction ends next."""


@dataclass(slots=True)
class _Batch:
    """What became of some consecutive rows of the file."""

    leads: list[NewLead] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    """What Records.row made of each lead."""
    keys: str = ""
    """The leads' natural keys as an array of PostgreSQL's, in the order of its index."""
    distinct: int = 0
    """How many different ones there are."""
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
    """Loads a call-center CSV: a path (.gz is unpacked) or a stream of bytes. `as_of` is the present.

    All of it is loaded or, whatever interrupts it, nothing. Rows that are leads already are counted and skipped.
    Rows that are no leads go to `rejects_path`, by default beside the input. A dry run does the same, and reports
    the same, but changes nothing in the database, and stores no `records`. Where more rows are rejected than `options`
    allow, nothing is loaded, and the report says so.

    Raises IngestRefused for a file that cannot be read or has no usable header.
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
        )
        rejects = Rejects(rejects_path, reader.header, codec=encoding.codec, raw=options.raw_rejects)
        wanted = records(as_of)
        batches = _batches(reader, Cleaner(reader.header, as_of=as_of), wanted, rejects, opened.position)
        try:
            with (
                transaction.atomic(durable=True),
                connection.cursor() as cursor,
                _quick_turns(),
                closing(_ahead(batches)) as ready,
            ):
                table = _begin_rehearsal(cursor) if dry_run else _begin(cursor, progress)
                for batch in ready:
                    new, rows = _not_there_yet(cursor, batch, table)
                    _copy(cursor, new, table)
                    if not dry_run:
                        wanted.store(cursor=cursor, rows=rows)
                    _note(report, batch, new, wanted.count(rows))
                    progress(Progress(report.rows, batch.position, opened.size))
                encoding.check()
                if report.too_many_rejected:
                    transaction.set_rollback(True)
                elif not dry_run:
                    wanted.complete()
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


def _ahead[T](items: Iterator[T]) -> Generator[T]:
    """The same items, each made in a thread while the one before it is in use.

    The threads are daemons: one that waits for standard input must not keep an interrupted program alive.
    """

    def begin() -> Future[T | None]:
        future: Future[T | None] = Future()

        def make() -> None:
            try:
                future.set_result(next(items, None))
            except BaseException as error:
                future.set_exception(error)

        Thread(target=make, daemon=True).start()
        return future

    coming = begin()
    try:
        while (item := coming.result()) is not None:
            coming = begin()
            yield item
    finally:
        wait([coming], timeout=1)


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Python's threads take turns more often: whenever the database wanted more rows, it waited up to 5 ms for the
    thread that reads to pause, some forty times for each batch."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _begin(cursor: CursorWrapper, progress: Callable[[Progress], None]) -> str:
    """Waits until no other load is under way. The table that takes the leads."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    if not cursor.fetchone()[0]:
        progress(Progress(waiting=True))
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        progress(Progress())
    # Foreign keys are checked with each batch, while its leads are in memory, and not all at the end.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return "leads"


def _begin_rehearsal(cursor: CursorWrapper) -> str:
    """A table of the same shape, for this transaction alone; the rest of the database is closed for writing."""
    cursor.execute("CREATE TEMPORARY TABLE rehearsed_leads (LIKE leads INCLUDING ALL) ON COMMIT DROP")
    cursor.execute("SET TRANSACTION READ ONLY")
    return "rehearsed_leads"


def _not_there_yet(cursor: CursorWrapper, batch: _Batch, table: str) -> tuple[list[NewLead], list[Any]]:
    """The leads, and their records, without those that are in the database already, or earlier in the file."""
    seen: set[str] = set()
    for place in {"leads", table}:
        # One index look-up per key: for a plain `= ANY` of so many the planner would read the whole table each time.
        cursor.execute(
            f"""
            SELECT known.natural_key FROM unnest(%s::uuid[]) AS given (natural_key)
            CROSS JOIN LATERAL (
                SELECT natural_key FROM {place} WHERE natural_key = given.natural_key OFFSET 0
            ) AS known
            """,  # noqa: S608 - one of two names of our own
            [batch.keys],
        )
        seen.update(key.hex for (key,) in cursor.fetchall())
    if not seen and batch.distinct == len(batch.leads):
        return batch.leads, batch.records
    new, records = [], []
    for lead, record in zip(batch.leads, batch.records, strict=True):
        if lead.natural_key not in seen:
            seen.add(lead.natural_key)
            new.append(lead)
            records.append(record)
    return new, records


def _copy(cursor: CursorWrapper, leads: Sequence[NewLead], table: str) -> None:
    statement = f"COPY {table} ({', '.join(COPY_COLUMNS)}) FROM STDIN {COPY_FORMAT}"
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write(copy_rows(lead.row for lead in leads))
    if leads:
        analyze_first_rows(cursor, table)


def _note(
    report: IngestReport,
    batch: _Batch,
    new: Sequence[NewLead],
    opened: Counter[tuple[Classification, AgeBucket]],
) -> None:
    gold = sum(lead.classification is Classification.GOLD for lead in new)
    report.rows += batch.rows
    report.loaded += len(new)
    report.duplicates += len(batch.leads) - len(new)
    report.rejected += batch.rejected
    report.reject_reasons += batch.reasons
    report.gold += gold
    report.silver += len(new) - gold
    report.opened += opened
    for lead in new:
        if lead.place.county and not lead.place.is_on_the_list:
            report.note_unmatched(lead.place.state, lead.place.county)
