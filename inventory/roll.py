"""The roll: gives each lead that has entered a bucket its record there (contract, "Inventory").

The cost follows what is due, by three indexes: unsold and sold records whose window is over and that are not closed
yet (the next bucket is a new right for both), and leads that were too young when they were loaded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from homeshield.lib.errors import DomainError
from homeshield.lib.ids import id_as_old_as
from inventory.count_upkeep import counts_compact
from inventory.models import InventoryQuerySet, InventoryRecord, YoungLead
from leads.age import AgeBucket
from leads.models import Lead

BATCH = 5_000
"""Leads that one transaction takes on: long transactions would make purchases wait and keep dead rows alive."""


class RollInFuture(DomainError):
    """Records made before their time would be on sale too early."""

    code = "roll_in_future"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            "Inventory cannot be generated for an instant to come: its leads would be on sale too early. "
            "Use a dry run to see what will be due then."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RollReport:
    """What a roll did, or for a dry run would do: records created, and records whose window is over."""

    created: int
    lapsed: int
    sold_before: int
    """How many of the records whose window is over were sold in it."""
    dry_run: bool


@dataclass(frozen=True, slots=True)
class _Batch:
    leads: Sequence[Lead]
    lapsed: int
    sold_before: int


def inventory_generate(
    *, as_of: datetime, now: datetime, dry_run: bool = False, progress: Callable[[int], None] | None = None
) -> RollReport:
    """Creates the records of all leads that have entered a bucket by `as_of`, and closes those that have left theirs.

    A lead that has passed through a bucket unseen gets no record there: it could never be sold. Safe to repeat, and to
    run beside purchases, loads and itself; committed batch by batch, so an interrupted roll is taken up by the next.
    In the end the counts are compacted. `progress` is told how many leads each batch held. Raises RollInFuture where
    `as_of` is after `now`, unless dry.
    """
    if dry_run:
        return _forecast(as_of)
    if as_of > now:
        raise RollInFuture
    created = lapsed = sold_before = 0
    for due in (partial(_close_windows, sold=False), partial(_close_windows, sold=True), _welcome_young_leads):
        # First past what others hold, then waiting for it: an order holds its records for milliseconds.
        for wait in (False, True):
            while True:
                try:
                    batch, made = _batch(due, as_of=as_of, wait=wait)
                except OperationalError as error:
                    if not isinstance(error.__cause__, DeadlockDetected):
                        raise
                    continue  # an order that waits across the end of a window; it or the batch is tried again
                created += made
                if not batch.leads:
                    break
                lapsed += batch.lapsed
                sold_before += batch.sold_before
                if progress:
                    progress(len(batch.leads))
    counts_compact()
    return RollReport(created=created, lapsed=lapsed, sold_before=sold_before, dry_run=False)


def _batch(due: Callable[..., _Batch], *, as_of: datetime, wait: bool) -> tuple[_Batch, int]:
    """One transaction: what was due, and how many records came of it."""
    with transaction.atomic():
        batch = due(as_of=as_of, wait=wait)
        return batch, _create_records(batch.leads, as_of)


_FACTS = ("created_at_utc", "classification", "state", "county")


def _close_windows(*, as_of: datetime, wait: bool, sold: bool) -> _Batch:
    records = list(
        _over(as_of, sold=sold)
        .in_order_of_sale()
        .select_for_update(skip_locked=not wait, of=("self",), no_key=True)
        .select_related("lead")
        .only("id", *(f"lead__{fact}" for fact in _FACTS))[:BATCH]
    )
    InventoryRecord.objects.filter(id__in=[record.id for record in records]).update(lapsed_at_utc=as_of)
    leads = [record.lead for record in records]
    return _Batch(leads, 0, len(leads)) if sold else _Batch(leads, len(leads), 0)


def _welcome_young_leads(*, as_of: datetime, wait: bool) -> _Batch:
    young = list(
        YoungLead.objects.filter(enters_at_utc__lte=as_of)
        .order_by("enters_at_utc", "lead_id")
        .select_for_update(skip_locked=not wait, of=("self",))
        .select_related("lead")
        .only("enters_at_utc", *(f"lead__{fact}" for fact in _FACTS))[:BATCH]
    )
    YoungLead.objects.filter(lead_id__in=[row.lead_id for row in young]).delete()
    return _Batch([row.lead for row in young], 0, 0)


def _create_records(leads: Sequence[Lead], as_of: datetime) -> int:
    """Writes the records of the buckets that the leads are in now, in one statement; returns how many are new."""
    if not leads:
        return 0
    buckets = [AgeBucket.at(lead.created_at_utc, as_of) for lead in leads]
    rows = [(lead, bucket) for lead, bucket in zip(leads, buckets, strict=True) if bucket is not None]
    # The roll comes soon after the window begins: a key of its own would tell a buyer when the homeowner called.
    ids: list[UUID] = [id_as_old_as(lead.id) for lead, _ in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inventory (id, lead_id, age_bucket, enters_at_utc, expires_at_utc, classification, state,
                                   county)
            SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[],
                                 %s::text[], %s::text[], %s::text[])
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
                [lead.county for lead, _ in rows],
            ],
        )
        created: int = cursor.rowcount
    return created


def _forecast(as_of: datetime) -> RollReport:
    """What a roll at `as_of` would do, counted without a lock: every lead that is due enters some bucket."""
    unsold, sold = (_over(as_of, sold=sold).count() for sold in (False, True))
    young = YoungLead.objects.filter(enters_at_utc__lte=as_of).count()
    return RollReport(created=unsold + sold + young, lapsed=unsold, sold_before=sold, dry_run=True)


def _over(as_of: datetime, *, sold: bool) -> InventoryQuerySet:
    """Records whose window is over and that are not closed yet; each half has an index of its own."""
    return InventoryRecord.objects.filter(
        sold_at_utc__isnull=not sold, lapsed_at_utc__isnull=True, expires_at_utc__lte=as_of
    )
