from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.audit.chain import Head
from homeshield.audit.errors import HeadUnreadable
from homeshield.audit.sealing import audit_seal
from homeshield.audit.verification import Verdict, audit_verify
from homeshield.lib.commands import DatabaseCommand, write_json


class Command(DatabaseCommand):
    help = (
        "Seals what waits, computes the whole audit chain again, and names every row that was changed. Prints the "
        "chain's head: keep it where nobody with access to the database can change it, and pass it to --expect-head "
        "next time. Exit code 0: the chain holds. 1: it does not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect-head",
            type=_head,
            metavar="HEAD",
            help="a head printed earlier (1234:9f86…): also finds a chain that was cut off or made anew",
        )
        parser.add_argument(
            "--without-sealing",
            action="store_true",
            help="write nothing: for a role or a copy that may only read",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, expect_head: Head | None, without_sealing: bool, json: bool, **options: Any) -> None:
        if not without_sealing:
            audit_seal(as_of=timezone.now())
        verdict = audit_verify(expected=expect_head)
        if json:
            write_json(self, _facts(verdict))
        else:
            self.stdout.write(_sentences(verdict))
        if not verdict.holds:
            raise CommandError("The audit record is not what it was.", returncode=1)


def _head(text: str) -> Head:
    try:
        return Head.parse(text)
    except HeadUnreadable as error:
        raise ArgumentTypeError(error.message) from None


def _facts(verdict: Verdict) -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "sealed": verdict.seals,
        "personal_data_seen": verdict.seen,
        "waiting": verdict.waiting,
        "head": str(verdict.head),
        "faults": verdict.faults,
        "more_faults": verdict.more_faults,
    }


def _sentences(verdict: Verdict) -> str:
    lines = [*verdict.faults]
    if verdict.more_faults:
        lines.append(f"... and {verdict.more_faults:,} more faults.")
    if verdict.holds:
        lines.append(f"The chain holds: {verdict.seals:,} events are what they were when they were sealed.")
        if verdict.seen:
            lines.append(f"{verdict.seen:,} of them tell who was shown personal data.")
    if verdict.waiting:
        lines.append(f"{verdict.waiting:,} wait for their seals.")
    lines.append(f"Head: {verdict.head}")
    return "\n".join(lines)
