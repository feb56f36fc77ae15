"""Contract, "Opt-out": Do-Not-Call, litigator and other lists."""

from base64 import b64encode
from hashlib import sha256

import pytest

from leads.opt_outs.number_lists import ListEntry, list_read

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
