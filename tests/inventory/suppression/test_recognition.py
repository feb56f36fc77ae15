"""What is recognised in a list, whatever its layout (contract, "Exclusion")."""

import gzip
import tracemalloc
from base64 import b64encode
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.suppression import recognition
from inventory.suppression.cells import Fault, Kind, read_cell
from inventory.suppression.errors import UnreadableUpload
from inventory.suppression.recognition import Recognised, Recogniser, recognise
from leads.contact_keys import digits, key_of_digits
from tests.inventory.suppression.lists import number

NUMBERS = st.integers(0, 9_999).map(number)


def keys(recognised: Recognised) -> set[UUID]:
    return {key for piece in recognised.keys.pieces(7) for key in piece}


def keys_of(*numbers: str) -> set[UUID]:
    return {key_of_digits(one) for one in numbers}


def written(text: str, style: int) -> str:
    """A number as people and programs write it, or as a digest."""
    digest = sha256(text.encode())
    area, exchange, line = text[:3], text[3:6], text[6:]
    return [
        text, f"({area}) {exchange}-{line}", f"+1 {area}.{exchange}.{line}", f"1-{area}-{exchange}-{line}",
        f"{text}.0", digest.hexdigest(), digest.hexdigest().upper(), b64encode(digest.digest()).decode(),
        b64encode(digest.digest()).decode().rstrip("="),
    ][style]  # fmt: skip


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 8)), min_size=1, max_size=50))
def test_numbers_and_digests_meet_the_same_keys(entries: list[tuple[str, int]]) -> None:
    found = recognise("\n".join(written(*entry) for entry in entries).encode())
    assert keys(found) == keys_of(*(text for text, _ in entries))
    assert (found.valid, found.invalid) == (len(entries), 0)


@given(
    rows=st.lists(st.tuples(NUMBERS, st.integers(0, 8)), min_size=3, max_size=30),
    place=st.integers(0, 3),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    header=st.booleans(),
    quoted=st.booleans(),
    cut=st.integers(1, 50),
)
def test_the_column_is_found_wherever_it_stands_and_however_the_bytes_come(
    rows: list[tuple[str, int]], place: int, delimiter: str, encoding: str, end: str, header: bool, quoted: bool,
    cut: int,
) -> None:  # fmt: skip
    others = ["Zoé Thibodeaux", "12 Oak St", "70112"]
    names = ["Name", "Street", "Zip"]
    lines = [[*names[:place], "Phone", *names[place:]]] if header else []
    for text, style in rows:
        cell = written(text, style)
        lines.append([*others[:place], f'"{cell}"' if quoted else cell, *others[place:]])
    data = end.join(delimiter.join(line) for line in lines).encode(encoding)
    recogniser = Recogniser()
    for at in range(0, len(data), cut):
        recogniser.feed(data[at : at + cut])
    found = recogniser.finish()
    assert keys(found) == keys_of(*(text for text, _ in rows))
    assert (found.valid, found.invalid) == (len(rows), 0)
    assert found.layout.columns == (place,)
    assert f"column {place + 1}{' (Phone)' if header else ''}, separated by" in found.told


@given(st.text())
def test_any_text_is_a_key_or_a_fault_and_a_fault_repeats_nothing(text: str) -> None:
    held = read_cell(text)
    if isinstance(held, Fault):
        assert held in Fault
    elif held[0] is Kind.NUMBER:
        found = digits(text.strip(" \t\ufeff'\"").removesuffix(".0"))
        assert len(held[1]) == 16
        assert found is None or held[1] == key_of_digits(found).bytes


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        assert recognise(data).valid > 0
    except UnreadableUpload as refusal:
        assert refusal.message.endswith((".",))


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("", Fault.EMPTY),
        ("none", Fault.NEITHER),
        ("12345", Fault.SHORT),
        ("12 Oak St", Fault.NEITHER),
        ("555-0123", Fault.SHORT),
        (f"{number(1)}1234", Fault.LONG),
        ("5.04556E+09", Fault.SHORTENED),
        ("800-155-0123", Fault.TOLL_FREE),
        (f"0{number(1)[:9]}", Fault.AREA),
        ("2" * 10, Fault.ALIKE),
        ("a" * 63, Fault.NEITHER),
    ],
)
def test_a_fault_says_what_is_wrong(cell: str, fault: Fault) -> None:
    assert read_cell(cell) is fault


def test_invalid_lines_are_counted_and_the_first_ones_named_by_their_numbers() -> None:
    lines = ["Phone", number(1), "", "nobody", number(2), "800-155-0123", *["no"] * 30]
    found = recognise("\n".join(lines).encode())
    assert (found.valid, found.invalid, len(found.invalid_lines)) == (2, 32, 20)
    assert found.invalid_lines[:2] == [(4, Fault.NEITHER.value), (6, Fault.TOLL_FREE.value)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_a_quoted_cell_may_hold_line_breaks(end: str, cut: int) -> None:
    rows = [f'"12 Oak St{end}Apt {n}",Ada,{number(n)}' for n in range(300)]
    rows[7] = f'"12 Oak St{end}{end}Apt 7",Ada,nobody'
    data = end.join(["Address,Name,Phone", *rows]).encode()
    recogniser = Recogniser()
    for at in range(0, len(data), cut):
        recogniser.feed(data[at : at + cut])
    found = recogniser.finish()
    assert found.layout.columns == (2,)
    assert (found.valid, found.invalid) == (299, 1)
    assert found.invalid_lines == [(16, Fault.NEITHER.value)]


def test_a_quotation_mark_that_is_never_closed_swallows_no_lines() -> None:
    rows = [f"Ada,{number(n)}" for n in range(300)]
    rows[150] = f'"Ada,{number(150)}'
    found = recognise("\n".join(rows).encode())
    assert (found.valid, found.invalid_lines) == (299, [(151, Fault.EMPTY.value)])


def test_duplicates_are_one_key_and_pieces_are_in_order() -> None:
    found = recognise("\n".join([number(1), number(2), number(1), "1" + number(2)]).encode())
    pieces = list(found.keys.pieces(1))
    assert (found.valid, pieces) == (4, sorted(pieces))
    assert len(pieces) == 2


def test_several_columns_of_numbers_all_count() -> None:
    found = recognise(f"Name,Home phone,Mobile\nAda,{number(1)},\nBo,,{number(2)}\nCy,{number(3)},{number(4)}".encode())
    assert keys(found) == keys_of(*map(number, range(1, 5)))
    assert found.layout.columns == (1, 2)
    assert found.invalid == 0


def test_numbers_on_one_line_all_count() -> None:
    found = recognise(", ".join(map(number, range(300))).encode())
    assert found.valid == 300
    assert "every cell" in found.told


def test_an_area_code_in_a_column_of_its_own_belongs_to_the_next_one() -> None:
    """As the national Do-Not-Call register gives its numbers."""
    found = recognise("\n".join(f"{number(n)[:3]},{number(n)[3:]}" for n in range(5)).encode())
    assert keys(found) == keys_of(*map(number, range(5)))
    assert found.told.startswith("Phone numbers, columns 1 and 2 together")


def test_an_identifier_of_ten_digits_is_no_number_where_a_column_says_phone() -> None:
    found = recognise(f"Order,Phone\n{number(98)},{number(1)}\n{number(99)},{number(2)}".encode())
    assert keys(found) == keys_of(number(1), number(2))


def test_a_stray_quotation_mark_spoils_its_line_alone() -> None:
    found = recognise(f'Name,Phone\n"Ada,{number(1)}\nBo,{number(2)}\nCy,{number(3)}'.encode())
    assert keys(found) == keys_of(number(2), number(3))
    assert found.invalid == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "found no phone numbers"),
        (b"Name\nAda\n", "found no phone numbers"),
        (gzip.compress(b"a list", mtime=0), "compressed"),
        (b"PK\x03\x04" + b"[Content_Types].xml" + b"\0" * 50, "an Excel workbook"),
        (b"%PDF-1.7", "a PDF document"),
    ],
)
def test_a_file_of_another_kind_is_refused_whole(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableUpload, match=said):
        recognise(data)


def test_more_entries_than_a_list_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "MOST_ENTRIES", 3)
    recognise("\n".join(map(number, range(3))).encode())
    with pytest.raises(UnreadableUpload, match="more than 3"):
        recognise("\n".join(map(number, range(4))).encode())


def test_memory_follows_the_keys_and_not_the_file() -> None:
    """A line without an end, and columns that nobody needs, are dropped as they come."""
    row = ("x" * 400 + ",") * 10
    recogniser = Recogniser()
    tracemalloc.start()
    for n in range(3_000):  # 12 MB
        recogniser.feed(f"{row}{number(n)}\n".encode())
    recogniser.feed(b"9" * 10_000_000)
    found = recogniser.finish()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.valid, found.invalid) == (3_000, 1)
    assert most < 60_000_000
