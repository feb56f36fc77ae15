"""Leads before purchase, as a table. Columns in which all rows agree are left out and named once above it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from homeshield.lib.money import dollars
from inventory.listing import ListedRecord
from leads.geography import state_name
from leads.previews import Glimpse, loan_label
from pricing.discounts.prices import Price, Prices


class PreviewRow(NamedTuple):
    record: ListedRecord
    glimpse: Glimpse
    price: Price | None


def _day(day: date) -> str:
    """`May 6, 2026`"""
    return f"{day:%b} {day.day}, {day:%Y}"


def _label(choice: Any) -> str:
    return str(choice.label)


def _each(price: Price) -> str:
    return f"{dollars(price.unit_price)} each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`of` reads a row's value, `text` writes it into a cell, and `said` above the table. Both need a value."""

    name: str
    of: Callable[[PreviewRow], Any]
    text: Callable[[Any], str] = str
    said: Callable[[Any], str]
    unknown: str = ""

    def same(self, rows: Sequence[PreviewRow]) -> str:
        """What all rows have in common; empty if they differ. A single row agrees with nothing."""
        first, *others = map(self.of, rows)
        if not others or any(other != first for other in others):
            return ""
        return self.unknown if first in (None, "") else self.said(first)

    def cell(self, row: PreviewRow) -> "PreviewCell":
        value = self.of(row)
        return PreviewCell(self, value, "–" if value in (None, "") else self.text(value))


class PreviewCell(NamedTuple):
    column: Column
    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class PreviewTable:
    """`rows` are the leads, whose first names always show, with the cells of `columns`. `same` is what all share."""

    columns: list[Column]
    rows: list[tuple[ListedRecord, list[PreviewCell]]]
    same: list[str]


COLUMNS = (
    Column(
        name="Call date",
        of=lambda row: row.glimpse.called_on,
        text=_day,
        said=lambda day: f"called {_day(day)}",
        unknown="call date unknown",
    ),
    Column(name="City", of=lambda row: row.record.city, said=str, unknown="city unknown"),
    Column(name="County", of=lambda row: row.record.county, said=str, unknown="county unknown"),
    Column(name="State", of=lambda row: row.record.state, said=state_name),
    Column(name="Class", of=lambda row: row.record.classification, text=_label, said=_label),
    Column(name="Age", of=lambda row: row.record.age_bucket, text=_label, said=_label),
    Column(
        name="Loan",
        of=lambda row: row.glimpse.loan_from,
        text=loan_label,
        said=lambda least: f"loan {loan_label(least)}",
        unknown="loan unknown",
    ),
    Column(
        name="Source",
        of=lambda row: row.glimpse.source,
        said=lambda source: f"source {source}",
        unknown="source unknown",
    ),
    Column(name="Price", of=lambda row: row.price, text=_each, said=_each, unknown="not for sale"),
)


def preview_table(records: Sequence[ListedRecord], glimpses: Mapping[UUID, Glimpse], prices: Prices) -> PreviewTable:
    rows = [
        PreviewRow(record, glimpses[record.lead_id], prices.get((record.classification, record.age_bucket)))
        for record in records
    ]
    same = {column.name: column.same(rows) for column in COLUMNS if rows}
    shown = [column for column in COLUMNS if not same.get(column.name)]
    return PreviewTable(
        columns=shown,
        rows=[(row.record, [column.cell(row) for column in shown]) for row in rows],
        same=[text for text in same.values() if text],
    )
