"""What a load did, or would do."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion.options import HALF, MaxRejects
from leads.loads.models import UNKNOWN_SUPPLIER

COUNTIES_NAMED = 1_000
"""A column of garbage must not fill the memory."""


class Persons(NamedTuple):
    """What the end of a load finds out about persons (contract, "Person").

    `seen_before`: new leads of persons known from earlier loads. `common_keys`: phone numbers that this load made too
    common to identify a person. `opted_out`: new leads whose person opted out during the load.
    """

    seen_before: int = 0
    common_keys: int = 0
    opted_out: int = 0


@dataclass(slots=True)
class IngestReport:
    """The summary of one file: `rows` is `loaded` + `duplicates` + `rejected` + `opted_out`.

    `load` is None if nothing was kept.
    `unmatched_leads` counts loaded leads whose county is not on the Census Bureau's list. `unmatched_counties` breaks
    them down by (state, county), up to COUNTIES_NAMED.
    `opened` counts new inventory records.
    `without_phone` counts loaded leads without a phone number that can identify a person.
    `rejects_cells_changed` counts cells that would have been formulas.
    `old_rejects_file` is from an earlier load. We keep it, because somebody may have fixed its rows.
    """

    dry_run: bool = False
    load: int | None = None
    supplier: str = UNKNOWN_SUPPLIER
    sha256: str = ""
    rows: int = 0
    loaded: int = 0
    duplicates: int = 0
    rejected: int = 0
    opted_out: int = 0
    gold: int = 0
    silver: int = 0
    without_phone: int = 0
    persons: Persons = field(default_factory=Persons)
    opened: Counter[tuple[Classification, AgeBucket]] = field(default_factory=Counter)
    missing_columns: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    unmatched_leads: int = 0
    unmatched_counties: Counter[tuple[str, str]] = field(default_factory=Counter)
    reject_reasons: Counter[str] = field(default_factory=Counter)
    max_rejects: MaxRejects = HALF
    rejects_file: Path | None = None
    rejects_cells_changed: int = 0
    old_rejects_file: Path | None = None
    likelier_encoding: str | None = None
    seconds: float = 0.0

    @property
    def inventory_created(self) -> int:
        return self.opened.total()

    @property
    def seen_before(self) -> int | None:
        """Not known of a dry run: it ends before persons are looked for."""
        return None if self.dry_run else self.persons.seen_before

    @property
    def too_many_rejected(self) -> bool:
        """Then nothing is loaded."""
        return not self.max_rejects.allows(self.rejected, self.rows)

    def nothing_loaded(self) -> None:
        """Resets what counts loaded leads."""
        self.loaded = self.gold = self.silver = self.without_phone = self.unmatched_leads = 0
        self.load, self.persons = None, Persons()
        self.unmatched_counties.clear()
        self.opened.clear()

    def note_unmatched(self, state: str, county: str) -> None:
        self.unmatched_leads += 1
        if (state, county) in self.unmatched_counties or len(self.unmatched_counties) < COUNTIES_NAMED:
            self.unmatched_counties[state, county] += 1

    def as_json(self) -> dict[str, Any]:
        """The keys are stable."""
        return {
            "dry_run": self.dry_run,
            "load": self.load,
            "supplier": self.supplier or None,
            "sha256": self.sha256,
            "rows": self.rows,
            "loaded": self.loaded,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "opted_out": self.opted_out,
            "too_many_rejected": self.too_many_rejected,
            "max_rejects": str(self.max_rejects),
            "gold": self.gold,
            "silver": self.silver,
            "without_phone": self.without_phone,
            "seen_before": self.seen_before,
            "common_keys": None if self.dry_run else self.persons.common_keys,
            "inventory_created": self.inventory_created,
            "missing_columns": list(self.missing_columns),
            "unknown_columns": list(self.unknown_columns),
            "unmatched_leads": self.unmatched_leads,
            "unmatched_counties": [
                {"state": state, "county": county, "leads": leads}
                for (state, county), leads in self.unmatched_counties.most_common()
            ],
            "reject_reasons": dict(self.reject_reasons.most_common()),
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            "rejects_cells_changed": self.rejects_cells_changed,
            "old_rejects_file": str(self.old_rejects_file) if self.old_rejects_file else None,
            "likelier_encoding": self.likelier_encoding,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """`bytes_total` is None for standard input. `waiting`: another load holds the lock."""

    rows: int = 0
    bytes_read: int = 0
    bytes_total: int | None = None
    waiting: bool = False
