"""`manage.py verify_ledger`: proves the ledger against itself and against what it is about (docs/money.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

import homeshield.billing.ledger.proofs
import homeshield.billing.payments.proofs
import sales.ordering.proofs
import sales.returns.proofs
from homeshield.billing.ledger.proofs import Proof, Proved, ledger_prove
from homeshield.lib.commands import DatabaseCommand, write_json

PROOFS: tuple[Proof, ...] = (
    *homeshield.billing.ledger.proofs.PROOFS,
    *homeshield.billing.payments.proofs.PROOFS,
    *sales.ordering.proofs.PROOFS,
    *sales.returns.proofs.PROOFS,
)


class Command(DatabaseCommand):
    help = (
        "Proves that the ledger adds up, that each balance is the sum of what happened, and that orders, "
        "payments, returns and the ledger agree. Changes nothing, and holds up nobody. Exit code 0: all of it "
        "holds. 1: something does not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        proved = ledger_prove(PROOFS)
        holds = all(one.holds for one in proved)
        if json:
            facts = [{"what": one.what, "faults": one.faults, "ids": one.ids} for one in proved]
            write_json(self, {"holds": holds, "proofs": facts})
        else:
            self.stdout.write("\n".join(map(_sentence, proved)))
        if not holds:
            raise CommandError("The ledger is not what it should be.", returncode=1)


def _sentence(one: Proved) -> str:
    if one.holds:
        return f"Holds: {one.what}."
    more = f" and {one.faults - len(one.ids):,} more" if one.faults > len(one.ids) else ""
    return f"DOES NOT HOLD: {one.what}: {', '.join(one.ids)}{more}."
