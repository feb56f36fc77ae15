"""The roll: gives each lead that has entered a bucket its record there (contract, "Inventory").

Three indexes find what is due: unsold and sold records whose window is over, and leads that were too young when loaded.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import DatabaseError, connection, models, transaction
from psycopg.errors import DeadlockDetected

from homeshield.lib.ids import id_as_old_as
from inventory.counting.compaction import counts_compact
from inventory.errors import RollInFuture
from inventory.facts.columns import OPEN
from inventory.facts.place import LEVELS, UNKNOWN
from inventory.models import InventoryQuerySet, InventoryRecord, WithheldLead, YoungLead
from inventory.withholding.locking import persons_lock
from leads.age import AgeBucket
from leads.models import Lead

BATCH = 5_000
"""Leads per transaction: long ones would block purchases and keep dead rows alive."""


@dataclass(frozen=True, slots=True)
class RollFailure:
    """A due lead whose record the database refuses.

    `reason` never contains PostgreSQL's message, which may repeat data.
    """

    lead_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollReport:
    """What a roll did, or would do."""

    created: int
    lapsed: int
    sold_before: int
    """Of the records whose window is over, those sold."""
    dry_run: bool
    failures: tuple[RollFailure, ...] = ()
    """Unchanged, and still due."""


NAMED = 10


def failures_told(failures: Sequence[RollFailure]) -> str:
    """One line for operators, without personal data."""
    leads = "One lead is" if len(failures) == 1 else f"{len(failures):,} leads are"
    named = "; ".join(f"{failure.lead_id}: {failure.reason}" for failure in failures[:NAMED])
    more = f"; and {len(failures) - NAMED:,} more" if len(failures) > NAMED else ""
    return (
        f"{leads} due, but the database refuses the records ({named}{more}). All others are done. "
        'See "A lead that cannot be rolled" in docs/scheduler.md.'
    )


def inventory_generate(
    *,
    as_of: datetime,
    now: datetime,
    dry_run: bool = False,
    leave_out: Collection[UUID] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> RollReport:
    """Creates the records of leads that have entered a bucket by `as_of`, and closes those whose window is over.

    Commits batch by batch, and tells `progress` the size of each. Safe to repeat, and to run beside purchases, loads
    and itself. A lead that the database refuses stays unchanged and becomes a failure of the report.

    Raises RollInFuture if `as_of` is after `now`, unless dry.
    """
    if dry_run:
        return _forecast(as_of)
    if as_of > now:
        raise RollInFuture
    roll = _Roll(as_of, set(leave_out), progress)
    roll.run()
    counts_compact()
    return RollReport(
        created=roll.created,
        lapsed=roll.lapsed,
        sold_before=roll.sold_before,
        dry_run=False,
        failures=tuple(roll.failures),
    )


@dataclass(frozen=True, slots=True)
class _Due:
    rows: "Callable[[datetime], models.QuerySet[Any]]"
    close: Callable[[Sequence[UUID], datetime], object]
    lock: dict[str, Any]


def _records_over(*, sold: bool) -> Callable[[datetime], InventoryQuerySet]:
    return lambda as_of: _over(as_of, sold=sold).in_order_of_sale().select_related("lead").only("id", *_FACTS)


def _records_close(ids: Sequence[UUID], as_of: datetime) -> None:
    InventoryRecord.objects.filter(id__in=ids).update(lapsed_at_utc=as_of)


def _old_enough(as_of: datetime) -> models.QuerySet[YoungLead]:
    young = YoungLead.objects.filter(enters_at_utc__lte=as_of).order_by("enters_at_utc", "lead_id")
    return young.select_related("lead").only("enters_at_utc", *_FACTS)


_FACTS = tuple(f"lead__{fact}" for fact in ("created_at_utc", "classification", *LEVELS))
_RECORD_LOCK = {"of": ("self",), "no_key": True}
_UNSOLD = _Due(_records_over(sold=False), _records_close, _RECORD_LOCK)
_SOLD = _Due(_records_over(sold=True), _records_close, _RECORD_LOCK)
_YOUNG = _Due(_old_enough, lambda keys, _: YoungLead.objects.filter(lead_id__in=keys).delete(), {"of": ("self",)})


class _BatchRefused(Exception):
    """The database refused a batch, which was rolled back."""

    def __init__(self, rows: Sequence[Any], reason: str) -> None:
        super().__init__(reason)
        self.rows, self.reason = rows, reason


@dataclass(slots=True)
class _Roll:
    as_of: datetime
    left_out: set[UUID]
    """Leads not to try, or not again."""
    progress: Callable[[int], None]
    created: int = 0
    lapsed: int = 0
    sold_before: int = 0
    failures: list[RollFailure] = field(default_factory=list)

    def run(self) -> None:
        for due in (_UNSOLD, _SOLD, _YOUNG):
            # First skip what others lock, then wait for it: an order locks its records for milliseconds.
            for wait in (False, True):
                while rows := self._batch(due, wait=wait):
                    self.progress(len(rows))

    def _batch(self, due: _Due, *, wait: bool) -> Sequence[Any]:
        rows = due.rows(self.as_of)
        if self.left_out:
            rows = rows.exclude(lead_id__in=self.left_out)
        try:
            return self._take(due, rows, wait=wait)
        except _BatchRefused as refused:
            self._go_around(due, refused, wait=wait)
            return refused.rows

    def _take(self, due: _Due, wanted: "models.QuerySet[Any]", *, wait: bool) -> Sequence[Any]:
        """One transaction. Raises _BatchRefused."""
        locked = wanted.select_for_update(skip_locked=not wait, **due.lock)[:BATCH]
        while True:
            rows: Sequence[Any] = ()
            try:
                with transaction.atomic():
                    persons_lock()
                    rows = list(locked)
                    due.close([row.pk for row in rows], self.as_of)
                    created = _create_records([row.lead for row in rows], self.as_of)
            except DatabaseError as error:
                if isinstance(error.__cause__, DeadlockDetected):
                    continue  # with an order that waited past the end of a window
                if not rows or not _is_of_a_row(error):
                    raise
                raise _BatchRefused(rows, _reason(error)) from error
            self.created += created
            self.lapsed += len(rows) if due is _UNSOLD else 0
            self.sold_before += len(rows) if due is _SOLD else 0
            return rows

    def _go_around(self, due: _Due, refused: _BatchRefused, *, wait: bool) -> None:
        """Halves a refused batch until each refused row stands alone."""
        if len(refused.rows) == 1:
            lead_id = refused.rows[0].lead_id
            self.left_out.add(lead_id)
            self.failures.append(RollFailure(lead_id, refused.reason))
            return
        middle = len(refused.rows) // 2
        for half in (refused.rows[:middle], refused.rows[middle:]):
            self.progress(0)  # lets the caller stop
            try:
                self._take(due, due.rows(self.as_of).filter(pk__in=[row.pk for row in half]), wait=wait)
            except _BatchRefused as again:
                self._go_around(due, again, wait=wait)


_OF_A_ROW = (
    "22",  # invalid value
    "23",  # constraint
    "44",  # row policy
    "54",  # index row too large
    "P0",  # trigger
    "XX",  # corrupt row or index
)
"""PostgreSQL error classes that may be due to one row. Others end the roll."""


def _is_of_a_row(error: DatabaseError) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and (cause.sqlstate or "").startswith(_OF_A_ROW)


def _reason(error: DatabaseError) -> str:
    cause = error.__cause__
    assert isinstance(cause, psycopg.Error)
    constraint = cause.diag.constraint_name
    return f"{type(cause).__name__} ({constraint})" if constraint else type(cause).__name__


def _create_records(leads: Sequence[Lead], as_of: datetime) -> int:
    """Returns how many are new. Withheld leads get theirs on release (inventory/withholding/statements.py)."""
    if not leads:
        return 0
    buckets = [AgeBucket.at(lead.created_at_utc, as_of) for lead in leads]
    rows = [(lead, bucket) for lead, bucket in zip(leads, buckets, strict=True) if bucket is not None]
    # A fresh id has the time of the roll, just after the window begins: it would tell when the homeowner called.
    ids: list[UUID] = [id_as_old_as(lead.id) for lead, _ in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inventory (id, lead_id, age_bucket, enters_at_utc, expires_at_utc, classification, state,
                                   county)
            SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[],
                                 %s::text[], %s::text[], %s::text[]) AS due (id, lead_id)
            WHERE NOT EXISTS (SELECT FROM withheld_leads WHERE lead_id = due.lead_id OFFSET 0)
            ON CONFLICT (lead_id, age_bucket) DO NOTHING
            """,
            [
                ids,
                [lead.id for lead, _ in rows],
                [str(bucket) for _, bucket in rows],
                [bucket.enters_at(lead.created_at_utc) for lead, bucket in rows],
                [bucket.expires_at(lead.created_at_utc) for lead, bucket in rows],
                [lead.classification for lead, _ in rows],
                [lead.state for lead, _ in rows],
                [lead.county or UNKNOWN for lead, _ in rows],
            ],
        )
        created: int = cursor.rowcount
    return created


def _forecast(as_of: datetime) -> RollReport:
    """Every due lead enters some bucket, unless it is withheld."""
    over, bought = (_over(as_of, sold=sold) for sold in (False, True))
    young = YoungLead.objects.filter(enters_at_utc__lte=as_of)
    unsold, sold = over.count(), bought.count()
    withheld = sum(due.filter(lead_id__in=WithheldLead.objects.values("lead_id")).count() for due in (bought, young))
    return RollReport(created=unsold + sold + young.count() - withheld, lapsed=unsold, sold_before=sold, dry_run=True)


def _over(as_of: datetime, *, sold: bool) -> InventoryQuerySet:
    """Sold and unsold records have an index each. Withheld ones stay until their lead is released."""
    over = InventoryRecord.objects.filter(lapsed_at_utc__isnull=True, expires_at_utc__lte=as_of)
    return over.filter(sold_at_utc__isnull=False) if sold else over.filter(OPEN)
