"""Cells that a spreadsheet does not take for a formula (contract, "Export").

A text cell loses everything that it begins with up to the first character that is neither one of SIGNS nor invisible.
`harmless` does so in Python, `harmless_sql` in PostgreSQL; a test compares them.
"""

import re

from homeshield.lib.characters import BLANKS, INVISIBLE

_SIGNS = r"-=+@＝＋－＠"  # the hyphen comes first, where brackets take it for itself

DANGEROUS = rf"[{_SIGNS}{INVISIBLE}]"
"""One character that a cell must not begin with, for regular expressions of Python and PostgreSQL."""

TELLING_PREFIX = rf"^[{BLANKS}]*[{_SIGNS}{INVISIBLE.removeprefix(BLANKS)}]"
"""How a cell begins whose change is worth recording: one that loses more than blanks."""

_PREFIX = re.compile(rf"^{DANGEROUS}+")
_TELLING_PREFIX = re.compile(TELLING_PREFIX)


def harmless(cell: str) -> str:
    """A text without what would make it a formula."""
    return _PREFIX.sub("", cell)


def loses_more_than_blanks(cell: str) -> bool:
    """Whether `harmless` changes a text in a way that is worth telling."""
    return _TELLING_PREFIX.match(cell) is not None


def harmless_sql(cell: str) -> str:
    """The SQL expression for `harmless`, over an expression that gives the text."""
    return f"regexp_replace({cell}, '^{DANGEROUS}+', '')"
