"""How a load looks on a terminal, and in a log: progress while it runs, a summary at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from inventory.facts.criteria import Cell
from inventory.upkeep.opening import CELLS
from leads.ingestion import IngestReport, Progress
from leads.loads.comparing import Comparison
from leads.loads.models import Load
from leads.management.load_terminal import (
    SHOWN,
    comparison_lines,
    counted_line,
    counties_lines,
    printable,
    warning_lines,
)
from pricing.discounts.prices import GeneralPrices

LINE_SECONDS = 10.0
"""How often progress is written where it is no terminal: a log should not fill with it."""

WAITING = "Another load is under way: waiting for it to finish."


@contextmanager
def progress_shown(err: OutputWrapper) -> Iterator[Callable[[Progress], None]]:
    """What to call with the progress: a bar on a terminal, now and then a line elsewhere."""
    if not err.isatty():
        yield _lines(err)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    with Bar(*columns, console=Console(stderr=True, highlight=False), transient=True) as bar:
        task = bar.add_task("Reading", total=None, rate="")
        started = monotonic()

        def show(progress: Progress) -> None:
            nonlocal started
            if not progress.rows:
                started = monotonic()
                bar.reset(task)  # or the time left would count the waiting
            text = WAITING if progress.waiting else f"{progress.rows:,} rows"
            rate = "" if progress.waiting else _rate(progress.rows, monotonic() - started)
            bar.update(task, description=text, completed=progress.bytes_read, total=progress.bytes_total, rate=rate)

        yield show


def _lines(err: OutputWrapper) -> Callable[[Progress], None]:
    started = last = monotonic()

    def show(progress: Progress) -> None:
        nonlocal started, last
        now = monotonic()
        if not progress.rows:
            started = last = now  # the time that was waited is none of the load's
        if progress.waiting:
            err.write(WAITING, style_func=str)
        elif now - last >= LINE_SECONDS:
            last = now
            done = f" ({progress.bytes_read / progress.bytes_total:.0%})" if progress.bytes_total else ""
            err.write(f"{progress.rows:,} rows{done}, {_rate(progress.rows, now - started)}", style_func=str)

    return show


def _rate(rows: int, seconds: float) -> str:
    return f"{rows / seconds:,.0f} rows/s" if seconds > 0 else ""


def summary_print(
    report: IngestReport,
    *,
    name: str,
    prices: GeneralPrices | None,
    comparison: Comparison,
    same: Load | None,
    out: OutputWrapper,
) -> None:
    """The report in words. `prices` are those in force; None where they are not known. `same` is an earlier load of
    the same file."""
    console = Console(file=out, highlight=False, soft_wrap=True)  # type: ignore[arg-type]
    title = "Dry run of" if report.dry_run else "Processed"
    console.print(Text(f"{title} {printable(name)}: {report.rows:,} rows in {report.seconds:,.1f} s", style="bold"))
    if report.too_many_rejected:
        console.print(Text(f"  {too_many_rejected(report)}", style="bold"))
    for line in (*_summary(report), *comparison_lines(comparison, same)):
        console.print(Text(f"  {line}"))
    for line in warning_lines(comparison):
        console.print(Text(f"  {line}", style="yellow"))
    if prices is not None:
        for line in _about_prices(report, prices):
            console.print(Text(f"  {line}", style="yellow"))


def prices_json(report: IngestReport, prices: GeneralPrices | None) -> dict[str, Any]:
    """What --json tells of prices: for how many of the ten pairs of class and bucket one is in force, and which stock
    of this load has none."""
    if prices is None:
        return {"prices_in_force": None, "without_price": None}
    return {
        "prices_in_force": len(prices),
        "without_price": [
            {"classification": str(classification), "age_bucket": str(bucket), "records": records}
            for (classification, bucket), records in _without_price(report, prices)
        ],
    }


def _without_price(report: IngestReport, prices: GeneralPrices) -> list[tuple[Cell, int]]:
    return [(cell, report.opened[cell]) for cell in CELLS if report.opened[cell] and cell not in prices]


def _about_prices(report: IngestReport, prices: GeneralPrices) -> Iterator[str]:
    if not prices:
        yield (
            "No price is in force, so nothing can be sold. Set prices on the staff pages, or run "
            "manage.py load_starting_prices."
        )
    if missing := _without_price(report, prices):
        yield f"{'Would not be' if report.dry_run else 'Not'} for sale until a price is in force:"
        for (cell, bucket), records in missing:
            yield counted_line(records, f"{cell.label}, {bucket.label}")


def too_many_rejected(report: IngestReport) -> str:
    """Why nothing of a file was loaded, for the summary and for whoever reads the exit code's reason."""
    verb = "would be" if report.dry_run else "was"
    return (
        f"Nothing {verb} loaded: {report.rejected:,} of {report.rows:,} rows were rejected, and --max-rejects allows "
        f"{report.max_rejects}."
    )


def _summary(report: IngestReport) -> Iterator[str]:
    be = "would be " if report.dry_run else ""
    yield f"{report.loaded:>11,}  leads {be}loaded: {report.gold:,} Gold, {report.silver:,} Silver"
    yield f"{report.inventory_created:>11,}  inventory records {be}opened"
    yield f"{report.duplicates:>11,}  duplicates {be}skipped"
    yield f"{report.opted_out:>11,}  opted out, {be}skipped"
    yield f"{report.rejected:>11,}  rows rejected" + (f", see {report.rejects_file}" if report.rejects_file else "")
    for reason, rows in report.reject_reasons.most_common(SHOWN):
        yield counted_line(rows, reason)
    if report.rejects_cells_changed:
        yield (
            f"{report.rejects_cells_changed:,} cells of the rejects file lost what a spreadsheet takes for a formula: "
            "--raw-rejects keeps it."
        )
    if report.likelier_encoding:
        yield (
            f"The rejected rows look like {report.likelier_encoding}: load the file with "
            f"--encoding {report.likelier_encoding}."
        )
    if report.old_rejects_file:
        yield f"{report.old_rejects_file} is from before, and was left as it is: this time no row was rejected."
    if report.missing_columns:
        yield f"Missing columns: {', '.join(report.missing_columns)}"
    if report.unknown_columns:
        more = len(report.unknown_columns) - SHOWN
        named = ", ".join(map(printable, report.unknown_columns[:SHOWN])) + (f", and {more:,} more" if more > 0 else "")
        yield f"Unknown columns, ignored: {named}"
    if report.unmatched_leads:
        leads = "lead" if report.unmatched_leads == 1 else "leads"
        yield f"{report.unmatched_leads:,} {leads} in counties that are not on the Census list:"
        yield from counties_lines(
            [(state, county, many) for (state, county), many in report.unmatched_counties.most_common()]
        )
    if report.persons.common_keys:
        common = report.persons.common_keys
        yield f"{common:,} phone numbers are too common now to be a person's, so they count as nobody's."
    if report.persons.opted_out:
        yield f"{report.persons.opted_out:,} of them opted out meanwhile, and were withdrawn."
    if report.load:
        supplier = f", of supplier {report.supplier}" if report.supplier else ""
        yield f"This is load {report.load}{supplier}."
    if report.dry_run:
        yield "Nothing was written to the database."
