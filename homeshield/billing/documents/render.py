"""The PDF of a document. It depends on the sheet alone, so the same document always gives the same bytes."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from homeshield.billing.documents.sheet import Sheet

LAYOUT = 1
"""The layout of new documents. A document keeps the one it was made with, so issued ones never change their look."""

_HERE = Path(__file__).resolve().parent
_LAYOUTS = _HERE / "layouts"
_FONTS = _HERE / "fonts"

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTIONS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the reading order of what follows: a name could make a sum read backwards."""


def document_pdf(sheet: Sheet, *, issued_at: datetime, layout: int) -> bytes:
    """Renders a sheet as PDF. Texts reach the layout as data, so nothing in them is markup.

    No clock, no fonts of the machine: what is issued once stays the same everywhere.
    """
    utc = issued_at.astimezone(UTC)
    facts = {"sheet": _plain(asdict(sheet)), "issued": [utc.year, utc.month, utc.day]}
    return typst.compile(
        str(_LAYOUTS / f"{layout}.typ"),
        root=str(_LAYOUTS),
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"facts": json.dumps(facts)},
        timestamp=int(utc.timestamp()),
        format="pdf",
    )


def _plain(value: Any) -> Any:
    """Texts without control characters and without marks of direction."""
    if isinstance(value, str):
        return _DIRECTIONS.sub("", _CONTROLS.sub(" ", value))
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
