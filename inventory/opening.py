"""The first records of new leads: what ingestion derives from each batch that it loads."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from homeshield.lib.ids import new_id
from leads.age import DAY, AgeBucket
from leads.ingestion import NewLead


def inventory_open(*, cursor: CursorWrapper, leads: Sequence[NewLead], as_of: datetime) -> int:
    """Opens, within the caller's transaction, a record for each lead that is in a bucket at `as_of`.

    Only for that bucket: the ones before it are over and could never be sold. A lead that is too young for any is
    noted, so that the roll finds it on its day. Returns the number of records.
    """
    buckets = tuple(reversed(AgeBucket))
    latest = [as_of - bucket.first_day * DAY for bucket in buckets]  # the youngest lead of each, oldest bucket first
    young: list[NewLead] = []
    columns = "id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc"
    with connection.wrap_database_errors, cursor.copy(f"COPY inventory ({columns}) FROM STDIN") as records:
        for lead in leads:
            if (place := bisect_left(latest, lead.created_at_utc)) == len(buckets):
                young.append(lead)
                continue
            bucket = buckets[place]
            window = bucket.enters_at(lead.created_at_utc), bucket.expires_at(lead.created_at_utc)
            records.write_row((new_id(), lead.id, bucket, lead.classification, lead.state, lead.county, *window))
    enters_at = AgeBucket.MONTH_3_TO_5.enters_at
    with connection.wrap_database_errors, cursor.copy("COPY young_leads (lead_id, enters_at_utc) FROM STDIN") as rows:
        for lead in young:
            rows.write_row((lead.id, enters_at(lead.created_at_utc)))
    return len(leads) - len(young)
