"""Contract, "Opt-out": Do-Not-Call, litigator and other lists."""

from base64 import b64encode
from hashlib import sha256

import pytest

from leads.contact_keys import digits
from leads.opt_outs.number_lists import ColumnUnclear, ListEntry, list_read

DIGEST = sha256(b"4155559317").digest()


@pytest.mark.parametrize(
    "line",
    [
        "4155559317",
        "1-415-555-9317",
        "+1 (415) 555-9317",
        "Doe v. Example,2024-01-31,(415) 555-9317,CA",
        "Doe;4155559317",
        "Doe\t4155559317",
    ],
)
def test_the_cell_that_can_be_a_number_counts(line: str) -> None:
    entry = next(list_read([line + "\n"]))
    assert entry.number is not None
    assert "".join(filter(str.isdigit, entry.number))[-10:] == "4155559317"


def test_the_national_register_writes_area_code_and_number_apart() -> None:
    assert list(list_read(["415,5559317\n", "415,555-9317\n"])) == [
        ListEntry(1, number="4155559317"),
        ListEntry(2, number="415555-9317"),
    ]


@pytest.mark.parametrize("text", [DIGEST.hex(), DIGEST.hex().upper(), b64encode(DIGEST).decode()])
def test_a_digest_counts_in_hex_and_in_base64(text: str) -> None:
    assert list(list_read([f"{text}\n", f"x,{text}\n"])) == [ListEntry(1, digest=DIGEST), ListEntry(2, digest=DIGEST)]


def test_a_header_and_empty_lines_are_passed_over_and_other_lines_are_faults() -> None:
    lines = ["phone,name\n", "\n", "4155559317,Doe\n", "unknown,Doe\n", "2024-01-31,Doe\n", "123,4567\n"]
    assert list(list_read(lines)) == [ListEntry(3, number="4155559317"), ListEntry(4), ListEntry(5), ListEntry(6)]


@pytest.mark.parametrize(
    "lines",
    [
        ["1000000123,318-155-0101"],
        ["9871543210,318-155-0101"],
        ["account,phone", "9871543210,3181550101"],
        ["Account number,Number", "9871543210,3181550101"],
        ["2026-11-28 10,3181550101"],
        ["11/28/2026 10:15,3181550101"],
        ["3181550101.0"],
        ["added,phone", "2026-11-28 10,3181550101.0"],
    ],
)
def test_another_cell_of_digits_opts_out_no_stranger(lines: list[str]) -> None:
    assert [digits(entry.number) for entry in list_read(lines)] == ["3181550101"]


def test_a_cell_may_hold_line_breaks_and_faults_name_the_first_line_of_the_row() -> None:
    lines = ["name,phone\n", '"Doe,\n', 'Jane",3181550101\n', '"Roe\n', 'x",unknown\n', "Poe,3181550102\n"]
    assert list(list_read(lines)) == [
        ListEntry(2, number="3181550101"),
        ListEntry(4),
        ListEntry(6, number="3181550102"),
    ]


def test_the_column_is_the_same_for_the_whole_file() -> None:
    lines = ["1000000123,3181550101"] * 400 + ["9871543210,unknown"]
    entries = list(list_read(lines))
    assert [entry.number for entry in entries] == ["3181550101"] * 400 + [None]


def test_two_columns_that_can_be_numbers_need_a_header() -> None:
    with pytest.raises(ColumnUnclear):
        list(list_read(["9871543210,3181550101"]))
