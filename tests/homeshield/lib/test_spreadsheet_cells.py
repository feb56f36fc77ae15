"""Contract, "Export": what a cell must not begin with. PostgreSQL and Python agree on it."""

import re
import sys
import unicodedata

import pytest
from django.db import connection

from homeshield.lib.characters import BLANKS, INVISIBLE
from homeshield.lib.spreadsheet_cells import DANGEROUS, TELLING_PREFIX, harmless, harmless_sql, loses_more_than_blanks

SIGNS = "=+-@＝＋－＠"
VISIBLE_FORMAT = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Arabic and other number signs, which Unicode counts among the format characters all the same."""
EVERY_CHARACTER = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)


def of(categories: set[str]) -> set[str]:
    return {character for character in EVERY_CHARACTER if unicodedata.category(character) in categories}


def test_no_blank_control_or_format_character_is_left_out_and_nothing_that_is_seen_is_in() -> None:
    invisible = set(re.findall(f"[{INVISIBLE}]", EVERY_CHARACTER))
    assert set(re.findall(f"[{BLANKS}]", EVERY_CHARACTER)) == of({"Zs"})
    assert of({"Zs", "Zl", "Zp", "Cc", "Cf"}) - invisible == set(map(chr, VISIBLE_FORMAT))
    seen = of(
        {"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"}
    )
    assert seen & invisible == set("\u115f\u1160\u3164\uffa0\u2800")  # the fillers of Hangul, and Braille without a dot


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        *((f"{sign}1+1", "1+1") for sign in SIGNS),
        (" \t\r\n\u00a0\u2003\u3000\ufeff\u200b\u00ad=\x7f@x", "x"),
        ("\u2028=1", "1"),
        ("a=1", "a=1"),
        ("−1", "−1"),  # the minus sign of typesetters begins no formula
        ("12 Oak\n=1", "12 Oak\n=1"),
        ("", ""),
        ("+-@=", ""),
    ],
)
def test_a_cell_loses_all_that_it_must_not_begin_with(cell: str, left: str) -> None:
    assert harmless(cell) == left


@pytest.mark.parametrize(
    ("cell", "telling"),
    [
        ("  x", False),
        ("\u00a0\u3000", False),
        ("x", False),
        ("", False),
        (" =x", True),
        ("\tx", True),
        ("\ufeffx", True),
    ],
)
def test_blanks_alone_are_no_change_worth_recording(cell: str, telling: bool) -> None:
    assert loses_more_than_blanks(cell) is telling


@pytest.mark.django_db
def test_postgresql_agrees_about_every_character_at_which_the_answer_changes() -> None:
    lost = set(re.findall(DANGEROUS, EVERY_CHARACTER))
    around = {chr(ord(character) + step) for character in lost for step in (-1, 0, 1) if ord(character) + step > 0}
    texts = [f"{character}={character}x{character}" for character in {*around, *SIGNS, *"aé🏠"}]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT cell, {harmless_sql('cell')}, left(cell, 1) ~ '{DANGEROUS}', cell ~ '{TELLING_PREFIX}' "
            "FROM unnest(%s::text[]) AS given (cell)",
            [texts],
        )
        rows = cursor.fetchall()
    assert len(rows) == len(texts)
    assert [
        row for row in rows if row[1:] != (harmless(row[0]), row[0][0] in lost, loses_more_than_blanks(row[0]))
    ] == []
