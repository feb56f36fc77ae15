"""A CSV of returns: which lines return what, and what is wrong with the others."""

import codecs

import pytest

from homeshield.lib.ids import new_id
from sales.returns.csv_lines import Fault, lines_read
from sales.returns.errors import UnreadableReturns
from sales.returns.models import ReturnReason
from sales.returns.services import Asked

ONE, TWO, THREE = new_id(), new_id(), new_id()


def test_columns_are_found_by_name_wherever_they_stand() -> None:
    text = f"﻿Reason;Name;Sale ID;Comment\r\nwrong person;Ada;{ONE};Another family\r\n;Ada;{TWO};\r\n\r\n"
    found = lines_read(text.encode())
    assert found.asked == [Asked(sale_id=ONE, reason=ReturnReason.WRONG_PERSON, note="Another family")]
    assert (found.numbers, found.faults, found.without_reason) == ([2], [], 1)


def test_a_file_without_a_header_has_sale_reason_and_note() -> None:
    found = lines_read(f"{ONE},disconnected\n{TWO},Number disconnected,No tone\n".encode())
    assert [(one.sale_id, one.reason, one.note) for one in found.asked] == [
        (ONE, ReturnReason.DISCONNECTED, ""),
        (TWO, ReturnReason.DISCONNECTED, "No tone"),
    ]


def test_each_wrong_line_says_what_is_wrong_and_how_to_mend_it() -> None:
    lines = [
        "sale_id,reason,note",
        f"{ONE},deceased,",
        "42,deceased,",
        f'{TWO},dead,"in',
        'two lines"',
        f"{ONE},duplicate,",
        f"{THREE},deceased,{'x' * 501}",
    ]
    found = lines_read("\n".join(lines).encode())
    assert [one.sale_id for one in found.asked] == [ONE]
    reasons = ", ".join(ReturnReason.values)
    assert found.faults == [
        Fault(line=3, text="The sale id is not a UUID. Copy it from column sale_id of your download."),
        Fault(line=4, text=f"“dead” is not a reason. Use one of {reasons}."),
        Fault(line=6, text="The same sale as in line 2. Keep one of the two."),
        Fault(line=7, text="The note has 501 characters. 500 are possible."),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name,phone\nAda,1\n", "names no columns sale_id and reason"),
        (b"", "No line has a sale id and a reason"),
        (b"sale_id,reason\n", "No line has a sale id and a reason"),
        (b"PK\x03\x04 xl/workbook.xml", "Excel workbook"),
        (
            codecs.BOM_UTF32_LE + "sale_id,reason".encode("utf-32-le"),
            r"text in UTF-32, not in UTF-8\. Save",
        ),
        (f'{ONE},deceased,"never closed\n'.encode(), "Line 1 cannot be read"),
        ("".join(f"{new_id()},deceased\n" for _ in range(1001)).encode(), "returns 1,001 leads"),
    ],
    ids=["columns", "empty", "header", "workbook", "utf-32", "quotes", "many"],
)
def test_a_file_that_cannot_be_read_is_refused_whole(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableReturns, match=said):
        lines_read(data)


def test_what_is_asked_about_once_more_reads_the_same() -> None:
    found = lines_read(f'sale_id,reason,note\n{ONE},deceased,"says ""no"",\nthen hangs up"\n'.encode())
    assert lines_read(found.as_text.encode()).asked == found.asked
