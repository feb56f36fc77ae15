"""`manage.py loads`: what was loaded, when, from whom, and how it compares."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console

from homeshield.lib.commands import DatabaseCommand, write_json
from homeshield.lib.numbers import whole_number
from leads.loads.comparing import load_compare
from leads.loads.models import Load
from leads.loads.reading import load_json, load_json_in_full, same_file_before
from leads.loads.supplier import supplier_code
from leads.management.load_terminal import load_lines, load_number, loads_table, warning_lines
from sales.returns.of_loads import returns_of_loads

LAST = 20


class Command(DatabaseCommand):
    help = (
        "Lists the last loads, newest first; with a number, shows one load in full: its report, and how it compares "
        "with the supplier's loads before it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("load", nargs="?", type=load_number, metavar="ID", help="show this load in full")
        parser.add_argument("--supplier", type=supplier_argument, metavar="CODE", help="list loads of this supplier")
        parser.add_argument(
            "--last", type=whole_number(1, 1_000), default=LAST, metavar="N", help=f"how many to list ({LAST})"
        )
        parser.add_argument("--json", action="store_true", help="print JSON: a list, or one object with an ID")

    def handle(self, *args: Any, load: int | None, supplier: str | None, last: int, json: bool, **options: Any) -> None:
        if load is not None:
            self._one(load, json=json)
            return
        if last < 1:
            raise CommandError("--last must be 1 or more.", returncode=2)
        chosen = Load.objects.all() if supplier is None else Load.objects.filter(supplier=supplier)
        loads = list(chosen.order_by("-id")[:last])
        returns = returns_of_loads(one.id for one in loads)
        if json:
            write_json(self, {"loads": [load_json(one) | {"returns": returns[one.id].as_json} for one in loads]})
        elif loads:
            table = loads_table(loads, {number: of.accepted for number, of in returns.items()})
            Console(file=self.stdout, highlight=False).print(table)  # type: ignore[arg-type]
        else:
            self.stdout.write("Nothing was loaded yet." if supplier is None else f"No load of supplier {supplier}.")

    def _one(self, number: int, *, json: bool) -> None:
        load = Load.objects.filter(id=number).first()
        if load is None:
            raise CommandError(f"There is no load {number}. manage.py loads lists them.", returncode=2)
        comparison, same = load_compare(load, before=load.id), same_file_before(load.sha256, before=load.id)
        returns = returns_of_loads([load.id])[load.id]
        if json:
            write_json(self, load_json_in_full(load, comparison, same) | {"returns": returns.as_json})
            return
        for line in load_lines(load, comparison, same):
            self.stdout.write(line)
        self.stdout.write(f"  Given back by buyers: {returns.told}")
        for line in warning_lines(comparison):
            self.stdout.write(f"  {line}", style_func=self.style.WARNING)


def supplier_argument(text: str) -> str:
    """An argparse type."""
    try:
        return supplier_code(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
