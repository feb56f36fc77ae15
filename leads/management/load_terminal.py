"""How loads look on a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from homeshield.lib.numbers import whole_number
from leads.loads.comparing import Comparison
from leads.loads.models import Load

SHOWN = 10
"""How many reasons, columns and counties are named; --json names more."""

load_number = whole_number(1, 2**63 - 1)
"""An argparse type: any number that the database may give a load."""


def loads_table(loads: Sequence[Load], returned: Mapping[int, int]) -> Table:
    """Newest first, one line each. `returned`: how many leads buyers gave back, by load."""
    table = Table("Load", box=SIMPLE_HEAD)
    for column in ("Loaded (UTC)", "Supplier"):
        table.add_column(column, no_wrap=True)
    table.add_column("File", overflow="fold")
    for column in ("Rows", "Leads", "Gold", "Rejected", "Returned"):
        table.add_column(column, justify="right")
    for load in loads:
        counts = (load.rows, load.loaded, load.gold, load.rejected, returned[load.id])
        table.add_row(
            str(load.id), f"{load.loaded_at_utc:%Y-%m-%d %H:%M}", load.supplier or "unknown", file_of(load),
            *(f"{count:,}" for count in counts),
        )  # fmt: skip
    return table


def load_lines(load: Load, comparison: Comparison, same: Load | None) -> Iterator[str]:
    """One load in full."""
    yield f"Load {load.id}: {file_of(load)}, {load.loaded_at_utc:%Y-%m-%d %H:%M:%S} UTC, by {load.loaded_by}"
    yield f"  Supplier: {load.supplier or 'unknown'}"
    yield f"  SHA-256: {load.sha256}"
    yield f"{load.rows:>13,}  rows"
    yield f"{load.loaded:>13,}  leads loaded: {load.gold:,} Gold, {load.silver:,} Silver"
    yield f"{load.duplicates:>13,}  duplicates skipped"
    yield f"{load.opted_out:>13,}  opted out, skipped"
    yield f"{load.rejected:>13,}  rows rejected"
    for reason, rows in sorted(load.reject_reasons.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]:
        yield f"  {counted_line(rows, reason)}"
    if load.missing_columns:
        yield f"  Missing columns: {', '.join(load.missing_columns)}"
    if load.unknown_columns:
        yield f"  Unknown columns, ignored: {_some([printable(name) for name in load.unknown_columns], ', ')}"
    if load.unmatched_leads:
        leads = "lead" if load.unmatched_leads == 1 else "leads"
        yield f"  {load.unmatched_leads:,} {leads} in counties that are not on the Census list:"
        named = [(one["state"], one["county"], one["leads"]) for one in load.unmatched_counties]
        yield from (f"  {line}" for line in counties_lines(named))
    if load.common_keys:
        yield f"  {load.common_keys:,} phone numbers are too common to be a person's, and count as nobody's."
    for line in comparison_lines(comparison, same):
        yield f"  {line}"


def comparison_lines(comparison: Comparison, same: Load | None) -> Iterator[str]:
    """What a load has in common with earlier ones; what departs far from them is said apart (`warning_lines`)."""
    if same:
        yield f"The same file was loaded before: load {same.id} of {same.loaded_at_utc:%Y-%m-%d %H:%M} UTC."
    for share in comparison.shares:
        usual = "" if share.usual is None else f" (usually {share.usual:.0%})"
        yield f"{share.share:.0%} {share.label}{usual}"


def warning_lines(comparison: Comparison) -> Iterator[str]:
    """What somebody should look at before these leads are sold."""
    for share in comparison.far:
        loads = "last load" if comparison.loads == 1 else f"last {comparison.loads} loads"
        yield (
            f"Unusual: {share.share:.0%} {share.label}, and {share.usual:.0%} in the supplier's {loads}. "
            "Check the file."
        )


def counted_line(count: int, what: str) -> str:
    """One line of a list under a sentence that counts."""
    return f"{count:>15,} × {what}"


def counties_lines(named: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    """Counties that matched nothing, as (state, county, leads), those with most leads first."""
    for state, county, leads in named[:SHOWN]:
        yield counted_line(leads, f"{printable(county)}, {state}")
    if (more := len(named) - SHOWN) > 0:
        yield f"{'':>17} and {more:,} more counties"


def printable(text: str) -> str:
    """A text from a file without what could steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def file_of(load: Load) -> str:
    return printable(load.file_name) or "standard input"


def _some(texts: Sequence[str], separator: str) -> str:
    more = len(texts) - SHOWN
    return separator.join(texts[:SHOWN]) + (f"{separator}and {more:,} more" if more > 0 else "")
