"""`manage.py check_inventory_status`: how the inventory stands, and whether its counts are right."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from homeshield.lib.commands import DatabaseCommand, write_json
from inventory.counting.compaction import CountDifference, counts_compare, counts_rebuild
from inventory.exclusion.upkeep import exclusions_compare, exclusions_rebuild
from inventory.facts.place import Place
from inventory.upkeep.status import InventoryStatus, inventory_status
from inventory.withholding.locking import persons_lock
from inventory.withholding.verification import persons_verify
from leads.age import AgeBucket
from leads.classification import Classification


class Command(DatabaseCommand):
    help = (
        "Shows how many records are sellable, sold and lapsed, and how many leads are too young to be sold; with "
        "--verify, whether counts are what the records say, what is withheld what leads and withdrawals say, and what "
        "is excluded for a client what sales and lists say. Exit code 0, or 1 where they were not (they are then)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        one_of = parser.add_mutually_exclusive_group()
        one_of.add_argument("--by-state", action="store_true", help="sellable records of each state as well")
        one_of.add_argument(
            "--verify",
            action="store_true",
            help="count all records and find all persons anew, compare with what is kept beside them, and repair that; "
            "orders go on",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, by_state: bool, verify: bool, json: bool, **options: Any) -> None:
        if verify:
            self._verify(json=json)
            return
        status = inventory_status(as_of=timezone.now())
        if json:
            write_json(self, _as_json(status, by_state=by_state))
            return
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        console.print(_totals(status))
        console.print(_cells(status))
        if by_state:
            console.print(_states(status))

    def _verify(self, *, json: bool) -> None:
        persons = persons_verify(as_of=timezone.now())  # first: what it mends changes counts, too
        pairs = _pairs_verify()
        differences = counts_compare()
        counts_rebuild()  # also to clear away counts of nothing
        if json:
            write_json(
                self,
                {
                    "differences": [asdict(difference) for difference in differences],
                    "persons": asdict(persons),
                    "exclusions": pairs,
                },
            )
        elif differences:
            Console(file=self.stdout).print(_differences(differences))  # type: ignore[arg-type]
        else:
            self.stdout.write("All counts are what the records say.")
        faults = []
        if differences:
            were = f"{len(differences):,} counts were" if len(differences) > 1 else "One count was"
            faults.append(f"{were} not what the records say")
        if persons.total:
            what = (
                f"common keys {persons.common_keys:,}, links {persons.links:,}, leads {persons.withheld_leads:,}, "
                f"records {persons.records:,}"
            )
            faults.append(f"What is withheld was not what leads and withdrawals say ({what})")
        if pairs:
            were = f"{pairs:,} pairs of client and lead were" if pairs > 1 else "One pair of client and lead was"
            faults.append(f"{were} not what sales, persons and lists say")
        if faults:
            raise CommandError(f"{'; '.join(faults)}; that is mended.", returncode=1)


def _pairs_verify() -> int:
    """How many exclusions were wrong; they are mended."""
    with transaction.atomic():
        persons_lock()
        pairs = exclusions_compare()
        if pairs:
            exclusions_rebuild()
    return len(pairs)


def _differences(differences: list[CountDifference]) -> Table:
    table = Table("Place", "Class and bucket", "Excluded for client", "Counted", "Records")
    table.columns[2].overflow = "fold"  # an id with its end cut off finds nobody
    for each in differences:
        place = Place(each.state, each.county).label
        owner = f"{each.owner} ({'listed' if each.listed else 'owned'})" if each.owner else ""
        numbers = (f"{each.counted:,}", f"{each.actual:,}")
        table.add_row(place, f"{each.classification} {each.age_bucket}", owner, *numbers)
    return table


def _as_json(status: InventoryStatus, *, by_state: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "as_of": status.as_of.isoformat(),
        "leads": status.leads,
        "sellable": status.sellable,
        "sold": status.sold,
        "lapsed": status.lapsed,
        "too_young": status.too_young,
        "due": status.due,
        "withheld": {"withdrawn": status.withdrawn, "superseded": status.superseded},
        "sellable_by_classification_and_bucket": {
            classification.value: {bucket.value: status.cells[classification, bucket] for bucket in AgeBucket}
            for classification in Classification
        },
    }
    if by_state:
        answer["sellable_by_state"] = status.states
    return answer


def _totals(status: InventoryStatus) -> Table:
    table = Table("Inventory", "", title=f"As of {status.as_of:%Y-%m-%d %H:%M:%S} UTC", title_justify="left")
    table.columns[1].justify = "right"
    for name, count in (
        ("leads", status.leads),
        ("sellable", status.sellable),
        ("sold", status.sold),
        ("lapsed unsold", status.lapsed),
        ("too young (leads)", status.too_young),
        ("due: run generate_inventory", status.due),
        ("withdrawn (leads)", status.withdrawn),
        ("superseded (leads)", status.superseded),
    ):
        table.add_row(name, f"{count:,}")
    return table


def _cells(status: InventoryStatus) -> Table:
    table = Table("Sellable", *(str(bucket.label) for bucket in AgeBucket))
    for classification in Classification:
        table.add_row(str(classification.label), *(f"{status.cells[classification, bucket]:,}" for bucket in AgeBucket))
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _states(status: InventoryStatus) -> Table:
    table = Table("State", "Sellable")
    table.columns[1].justify = "right"
    for state, count in status.states.items():
        table.add_row(state, f"{count:,}")
    return table
