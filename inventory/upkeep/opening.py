"""The first records of new leads, made during ingestion."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

from homeshield.lib.copying import COPY_FORMAT_WITHOUT_NULLS, DELIMITER, copy_rows
from homeshield.lib.ids import new_id_text
from homeshield.lib.table_statistics import analyze_first_rows
from inventory.facts.criteria import Cell
from inventory.withholding.persons import load_end
from leads.age import DAY, NEVER, AgeBucket
from leads.classification import Classification
from leads.ingestion import NewLead, Persons


class OpenedRow(NamedTuple):
    """A row for COPY. `cell` is an index into CELLS; None if the lead is too young."""

    cell: int | None
    text: str


CELLS: tuple[Cell, ...] = tuple(product(Classification, AgeBucket))


class FirstRecords:
    """Opens a record in each lead's bucket at `as_of`, or notes a lead that is too young for the roll."""

    def __init__(self, as_of: datetime) -> None:
        self._as_of = as_of
        self._spans = [
            (
                bucket,
                bucket.first_day * DAY,
                bucket.next.first_day * DAY if bucket.next else None,
                (CELLS.index((Classification.SILVER, bucket)), CELLS.index((Classification.GOLD, bucket))),
            )
            for bucket in reversed(AgeBucket)
        ]
        self._latest = [as_of - first for _, first, *_ in self._spans]  # the youngest lead of each, oldest bucket first

    def row(self, lead: NewLead) -> OpenedRow:
        created = lead.created_at_utc
        if (place := bisect_left(self._latest, created)) == len(self._spans):
            return OpenedRow(None, DELIMITER.join((lead.id, AgeBucket.MONTH_3_TO_5.enters_at(created).isoformat())))
        bucket, first, end, cells = self._spans[place]
        expires = (created + end).isoformat() if end else _NEVER
        facts = (new_id_text(), lead.id, bucket, lead.classification, lead.place.cells)
        cell = cells[lead.classification is Classification.GOLD]  # hashing the enum takes longer
        return OpenedRow(cell, DELIMITER.join((*facts, (created + first).isoformat(), expires)))

    def count(self, rows: Sequence[OpenedRow]) -> Counter[Cell]:
        numbers = Counter([row.cell for row in rows])
        return Counter({cell: records for number, cell in enumerate(CELLS) if (records := numbers[number])})

    def store(self, *, cursor: CursorWrapper, rows: Sequence[OpenedRow]) -> None:
        """Must run in the transaction that has the leads."""
        records = [row.text for row in rows if row.cell is not None]
        young = [row.text for row in rows if row.cell is None]
        columns = "id, lead_id, age_bucket, classification, state, county, enters_at_utc, expires_at_utc"
        _copy(cursor, f"inventory ({columns})", records)
        _copy(cursor, "young_leads (lead_id, enters_at_utc)", young)
        if records:
            analyze_first_rows(cursor, "inventory")

    def complete(self, *, load_id: int, began_at_utc: datetime) -> Persons:
        """Joins the new leads with their persons. From here on, new orders wait until the load commits."""
        return load_end(load_id=load_id, began_at_utc=began_at_utc, as_of=self._as_of)


_NEVER = NEVER.isoformat()


def _copy(cursor: CursorWrapper, into: str, rows: Sequence[str]) -> None:
    with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN {COPY_FORMAT_WITHOUT_NULLS}") as copy:
        copy.write(copy_rows(rows))
