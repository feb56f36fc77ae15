"""Persons at the end of a load: who shares a key with whom, and who is withheld for it (contract, "Person")."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from homeshield.lib.locks import tried_again
from inventory.counting.compaction import counts_compact
from inventory.exclusion.loads import exclusions_for_load, exclusions_sold_meanwhile
from inventory.withholding import statements_of_loads as of_loads
from inventory.withholding.locking import persons_lock
from inventory.withholding.models import Reason
from inventory.withholding.services import leads_withdraw
from inventory.withholding.statements import AWAIT_RELEASED, CLOSE_RELEASED, OPEN_RELEASED, RELEASE, WITHHOLD
from leads.ingestion import Persons
from leads.models import OptOut

WORK_MEM = "64MB"
"""For sorting the keys of a large load. The server's usual 4 MB would go to disk several times."""

ATTEMPTS = 5
"""Orders that hold a client wait for its records, and the end of a load holds records and waits for clients. PostgreSQL
ends one of the two; where it is the load's end, that is tried again."""


def load_end(*, load_id: int, began_at_utc: datetime, as_of: datetime) -> Persons:
    """What remains to be done when all rows of a load are in, within its transaction: persons and what follows from
    them. Takes the lock of persons, and holds it until the load commits.

    `began_at_utc` is when the load began: what others committed since then, its batches may have missed.
    """

    def end() -> Persons:
        with transaction.atomic(), connection.cursor() as cursor:
            persons_lock()
            persons = persons_of_load(cursor, load_id=load_id, as_of=as_of)
            opted_out = late_opt_outs_withdraw(load_id=load_id, as_of=as_of)
            exclusions_for_load(cursor, load_id=load_id)
            counts_compact(wait=True)  # before commit, so that nobody reads the many changes
            exclusions_sold_meanwhile(cursor, began_at_utc=began_at_utc)  # last: it holds new orders
            cursor.execute("DROP TABLE load_keys, key_bearers, persons_touched, persons_unlinked, persons_released")
            return persons._replace(opted_out=opted_out)

    return tried_again(end, tries=ATTEMPTS)


def late_opt_outs_withdraw(*, load_id: int, as_of: datetime) -> int:
    """Withdraws the new leads whose person opted out after their batch had asked the register; returns how many.

    Those that are to be erased are withdrawn for that. Opt-outs whose erasure was done get a mark, by which the worker
    finds them (sales/privacy/erasing.py).
    """
    with connection.cursor() as cursor:
        cursor.execute(of_loads.OPTED_OUT, {"load": load_id})
        late: list[tuple[UUID, list[UUID] | None]] = cursor.fetchall()
    if erasing := {opt_out for _, opt_outs in late for opt_out in opt_outs or ()}:
        OptOut.objects.filter(id__in=erasing, erased_at_utc__isnull=False).update(erase_again=True)
    for reason, erases in ((Reason.OPT_OUT, False), (Reason.ERASED, True)):
        if leads := [lead for lead, opt_outs in late if bool(opt_outs) == erases]:
            leads_withdraw(
                lead_ids=leads,
                alone=True,
                reason=reason,
                note="The person opted out while the file was being loaded.",
                by_id=None,
                as_of=as_of,
            )
    return len(late)


def persons_of_load(cursor: CursorWrapper, *, load_id: int, as_of: datetime) -> Persons:
    """Links the new leads with others of their persons, and withholds all but the latest inquiry of each.

    The caller holds the lock of persons, and drops the temporary tables. Leads that a common key joined are apart from
    now on, so some may be on sale again at `as_of`.
    """
    # PostgreSQL's default cost of a random page is that of a rotating disk: it would read all leads to find a few.
    cursor.execute("SELECT set_config('work_mem', %s, true), set_config('random_page_cost', '1.1', true)", [WORK_MEM])
    for statement in (of_loads.KEYS, of_loads.BEARERS):
        cursor.execute(statement, {"load": load_id})
    for statement in (of_loads.TOUCHED, of_loads.UNLINKED, of_loads.COMMON):
        cursor.execute(statement)
    common = cursor.rowcount
    for statement in (of_loads.UNLINK, of_loads.LINK, of_loads.TOUCH):
        cursor.execute(statement)
    touched_recompute(cursor, as_of=as_of)
    cursor.execute(of_loads.SEEN_BEFORE)
    seen_before: int = cursor.fetchone()[0]
    return Persons(seen_before=seen_before, common_keys=common)


def touched_recompute(cursor: CursorWrapper, *, as_of: datetime) -> None:
    """Withholds and releases the leads in the temporary table `persons_touched`."""
    touched, released = "persons_touched AS touched", "persons_released AS released"
    cursor.execute(WITHHOLD.format(touched=touched))
    cursor.execute(of_loads.RELEASED)
    gone = RELEASE.format(touched=touched)
    cursor.execute(f"WITH gone AS ({gone}) INSERT INTO persons_released SELECT lead_id FROM gone")  # noqa: S608
    for statement in (CLOSE_RELEASED, OPEN_RELEASED, AWAIT_RELEASED):
        cursor.execute(statement.format(released=released, as_of="%(as_of)s"), {"as_of": as_of})
