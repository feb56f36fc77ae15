"""`manage.py opt_out_import`: opts out everybody on a list, and writes the answer for California's DROP."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand, sigterm_interrupts, write_json
from leads.contact_key_check import ContactKeyChanged
from leads.opt_outs.drop import DropAnswer
from leads.opt_outs.models import OF_LISTS, OptOutKind
from sales.privacy.errors import ListUnreadable
from sales.privacy.list_import import Answer, ListReport, opt_out_list_import


class Command(DatabaseCommand):
    help = (
        "Opts out everybody on a list. Their leads leave the stock at once and are stopped at every later load, and "
        "each client that bought one is told. For DROP their leads are erased too. A number that more than five leads "
        "bear waits for staff. The list is worked through in pieces, each whole by itself: run it again if it broke "
        "off. Exit code 0 when the list was worked through, 2 when the file was refused, 130 when interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the list: a CSV, or a number or digest per line")
        parser.add_argument("--kind", required=True, choices=[kind.value for kind in OF_LISTS], help="where it is from")
        parser.add_argument(
            "--response",
            metavar="FILE",
            type=Path,
            help="for DROP: where the answer goes (Id, Status); replaces a file from before",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def before_database(self, **options: Any) -> None:
        if options["response"] and options["kind"] != OptOutKind.DROP:
            raise CommandError("--response is for --kind drop: no other list is answered.", returncode=2)

    def handle(self, *args: Any, file: Path, kind: str, response: Path | None, json: bool, **options: Any) -> None:
        try:
            with sigterm_interrupts(), _answering(response) as answer:
                report = opt_out_list_import(
                    path=file, kind=OptOutKind(kind), as_of=timezone.now(), progress=self._progress, answer=answer
                )
        except (ListUnreadable, ContactKeyChanged) as refusal:
            raise CommandError(refusal.message, returncode=2) from None
        if json:
            write_json(self, _facts(report))
        else:
            self._print(report, file, response)

    def _progress(self, report: ListReport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{report.entries:,} lines", ending="")
            self.stderr.flush()

    def _print(self, report: ListReport, file: Path, response: Path | None) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r", ending="")
        lines = [
            f"{file.name}: {report.entries:,} opt-outs, {report.new:,} of them new.",
            f"{report.leads:,} leads withdrawn, {report.erased:,} erased. "
            f"{len(report.clients):,} clients told of {report.notices:,} sales.",
        ]
        if report.invalid:
            named = ", ".join(map(str, report.invalid_lines)) + (", ..." if report.invalid > 10 else "")
            lines.append(f"{report.invalid:,} lines hold no number and no digest: {named}.")
        if report.waiting:
            lines.append(f"{report.waiting:,} wait for staff: many leads bear the number. See Opt-outs in the admin.")
        if response:
            lines.append(f"The answer is in {response}.")
        if report.unanswered:
            lines.append(
                f"It leaves out {report.unanswered:,} that wait for staff. Run this again once they have decided."
            )
        self.stdout.write("\n".join(lines))


@contextmanager
def _answering(path: Path | None) -> Iterator[Answer | None]:
    """Writes beside the file, and puts the whole answer in its place at the end."""
    if path is None:
        yield None
        return
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        try:
            file = unfinished.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise ListUnreadable(reason=f"{path} cannot be written: {error.strerror}.") from error
        with file:
            yield DropAnswer(file).write
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _facts(report: ListReport) -> dict[str, Any]:
    return {
        "list_id": str(report.list_id),
        "kind": report.kind.value,
        "entries": report.entries,
        "invalid": report.invalid,
        "invalid_lines": report.invalid_lines,
        "new": report.new,
        "known": report.known,
        "leads_withdrawn": report.leads,
        "leads_erased": report.erased,
        "notices": report.notices,
        "clients_told": len(report.clients),
        "waiting_for_staff": report.waiting,
        "left_out_of_the_answer": report.unanswered,
    }
