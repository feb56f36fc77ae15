"""Keeps spreadsheets from reading a cell as a formula (contract, "Export").

A text cell loses its leading signs and invisible characters. A test compares `harmless` with `harmless_sql`.
"""

import re

from homeshield.lib.characters import BLANKS, INVISIBLE

_SIGNS = r"-=+@＝＋－＠"  # the hyphen must come first in brackets

DANGEROUS = rf"[{_SIGNS}{INVISIBLE}]"
"""A character that must not begin a cell, for Python and PostgreSQL."""

TELLING_PREFIX = rf"^[{BLANKS}]*[{_SIGNS}{INVISIBLE.removeprefix(BLANKS)}]"
"""Begins a cell that loses more than blanks, which is worth recording."""

_PREFIX = re.compile(rf"^{DANGEROUS}+")
_TELLING_PREFIX = re.compile(TELLING_PREFIX)


def harmless(cell: str) -> str:
    return _PREFIX.sub("", cell)


def loses_more_than_blanks(cell: str) -> bool:
    return _TELLING_PREFIX.match(cell) is not None


def harmless_sql(cell: str) -> str:
    """The SQL of `harmless` for a text expression."""
    return f"regexp_replace({cell}, '^{DANGEROUS}+', '')"
