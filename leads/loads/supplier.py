"""The code of who sold us leads."""

import re

from leads.loads.models import SUPPLIER

_CODE = re.compile(SUPPLIER)


def supplier_code(text: str) -> str:
    """The code as it is kept, in capital letters. Raises ValueError, whose message says what a code is."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise ValueError(
            f"{text!r} is not a supplier's code: up to 16 letters (A to Z), digits, hyphens and underscores, with a "
            "letter or digit first"
        )
    return code
