"""The first records of new leads: what ingestion derives from each batch that it loads."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from homeshield.lib.copying import COPY_FORMAT, DELIMITER, copy_rows
from homeshield.lib.ids import new_id_text
from homeshield.lib.table_statistics import analyze_first_rows
from leads.age import DAY, NEVER, AgeBucket
from leads.ingestion import NewLead


def inventory_open(*, cursor: CursorWrapper, leads: Sequence[NewLead], as_of: datetime) -> int:
    """Opens, within the caller's transaction, a record for each lead that is in a bucket at `as_of`.

    Only for that bucket: the ones before it are over and could never be sold. A lead that is too young for any is
    noted, so that the roll finds it on its day. Returns the number of records.
    """
    spans = [
        (bucket, bucket.first_day * DAY, bucket.next.first_day * DAY if bucket.next else None)
        for bucket in reversed(AgeBucket)
    ]
    latest = [as_of - first for _, first, _ in spans]  # the youngest lead of each, oldest bucket first
    records: list[str] = []
    young: list[str] = []
    for lead in leads:
        created = lead.created_at_utc
        if (place := bisect_left(latest, created)) == len(spans):
            enters = AgeBucket.MONTH_3_TO_5.enters_at(created)
            young.append(DELIMITER.join((lead.id, enters.isoformat())))
            continue
        bucket, first, end = spans[place]
        expires = (created + end).isoformat() if end else _NEVER
        facts = (new_id_text(), lead.id, bucket, lead.classification, lead.place.cells)
        records.append(DELIMITER.join((*facts, (created + first).isoformat(), expires)))
    columns = "id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc"
    _copy(cursor, f"inventory ({columns})", records)
    _copy(cursor, "young_leads (lead_id, enters_at_utc)", young)
    if records:
        analyze_first_rows(cursor, "inventory")
    return len(records)


_NEVER = NEVER.isoformat()


def _copy(cursor: CursorWrapper, into: str, rows: Sequence[str]) -> None:
    with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN {COPY_FORMAT}") as copy:
        copy.write(copy_rows(rows))
