"""csv-format: the header, physical line numbers, and rows that are broken but harm no other."""

import csv
import io
import os
import subprocess
import sys
from time import process_time

import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.ingestion.columns import EXPECTED
from leads.ingestion.errors import IngestRefused
from leads.ingestion.reader import Reader, Row
from leads.ingestion.source import open_source

MAY_LACK = frozenset(EXPECTED)
HEADER = "State,Call In Date,Address\n"
GOOD = "LA,01-15-2026 12:00:00,{}\n"


def read(data: bytes | str) -> list[Row]:
    content = data.encode() if isinstance(data, str) else data
    with open_source(io.BytesIO(content)) as source:
        return list(Reader(source.lines, may_lack=MAY_LACK).rows())


def good(*addresses: str) -> str:
    return "".join(GOOD.format(address) for address in addresses)


def whole(data: bytes | str) -> list[tuple[int, str]]:
    """The rows without a fault: line and address."""
    return [(row.line, row.cells[2]) for row in read(data) if not row.fault]


def faulty(data: bytes | str) -> list[tuple[int, list[str], str]]:
    return [(row.line, row.cells, row.fault) for row in read(data) if row.fault]


def header_of(text: str) -> dict[str, int]:
    with open_source(io.BytesIO(text.encode())) as source:
        return Reader(source.lines, may_lack=MAY_LACK).header.positions


def test_columns_are_found_by_name_in_any_order_without_regard_to_case_and_surrounding_blanks() -> None:
    assert header_of(" STATE ,zip,call in DATE\n") == {"state": 0, "zip": 1, "call_in_date": 2}


@pytest.mark.parametrize("name", ["Mortage ID", "Mortgage ID", "MORTGAGE id"])
def test_both_spellings_of_the_mortgage_id_are_known(name: str) -> None:
    assert header_of(f"State,Call In Date,{name}\n")["mortgage_id"] == 2


def test_a_byte_order_mark_and_blank_lines_before_the_header_are_skipped() -> None:
    data = b"\xef\xbb\xbf\n  \n" + (HEADER + good("x")).encode()
    assert whole(data) == [(4, "x")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("Call In Date,Zip\n", r'no column "State"'),
        ("State,Zip\n", r'no column "Call In Date"'),
        ("Zip,City\n", r'no columns "State" and "Call In Date"'),
        ("State;Call In Date\n", "semicolons"),
        ("State\tCall In Date\n", "tabs"),
        ("State,Call In Date,STATE\n", r'"State" twice \(columns 1 and 3\)'),
        ("State,Call In Date,Mortage ID,Mortgage ID\n", r"twice \(columns 3 and 4\)"),
        ('State,"Call In Date\n', "quotation mark"),
        ("State,Call In Date\rLA,01-15-2026 12:00:00\r", "carriage returns without line feeds"),
        ("State,Call In Date\r" + "LA,01-15-2026 12:00:00\r" * 50_000, "carriage returns without line feeds"),
        ("State,Call In Date," + "x" * 131_073 + "\n", "a cell of more than 131,072 characters"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(text: str, message: str) -> None:
    with pytest.raises(IngestRefused, match=message):
        read(text)


@pytest.mark.parametrize(
    "data", [HEADER.encode("utf-16"), b"State,Call In Date,Stra\xdfe\n", b'\x8f"\r\x17a"\xe2,"x\n']
)
def test_a_header_that_is_no_utf_8_is_refused(data: bytes) -> None:
    with pytest.raises(IngestRefused, match="UTF-8"):
        read(data)


def test_a_refusal_does_not_repeat_a_row_that_is_no_header() -> None:
    with pytest.raises(IngestRefused) as refusal:
        read(good("12 Oak St"))
    assert "Oak" not in refusal.value.message


def test_unknown_columns_are_noted_and_those_of_a_rejects_file_are_not() -> None:
    with open_source(io.BytesIO(b"reject_line,Mood,State,,Call In Date,Reject_Reason\n")) as source:
        assert Reader(source.lines, may_lack=MAY_LACK).header.unknown == ("Mood", "(column 4, without a name)")


def test_line_numbers_are_physical_where_quoted_cells_hold_line_breaks() -> None:
    text = HEADER + good("a", '"12 Oak\nApt 4"', "b", '"1\n\n\n2"', "c")
    assert whole(text) == [(2, "a"), (3, "12 Oak\nApt 4"), (5, "b"), (6, "1\n\n\n2"), (10, "c")]


def test_blank_lines_are_skipped_and_counted() -> None:
    assert whole(HEADER + "\n" + good("a") + "  \n\r\n" + good("b")) == [(3, "a"), (6, "b")]
    assert faulty(HEADER + "\n  \n") == []


def test_a_row_of_nothing_but_commas_is_a_row() -> None:
    assert [row.cells for row in read(HEADER + ",,\n")] == [["", "", ""]]


def test_windows_line_ends_and_a_last_line_without_one() -> None:
    assert whole((HEADER + good("a") + "LA,01-15-2026 12:00:00,b").replace("\n", "\r\n")) == [(2, "a"), (3, "b")]


def test_a_carriage_return_in_a_quoted_cell_is_no_line_break() -> None:
    assert whole(HEADER + good('"a\rb"', "c")) == [(2, "a\rb"), (3, "c")]


def test_too_few_and_too_many_cells() -> None:
    assert faulty(HEADER + "LA,x\n" + good("a") + "LA,x,y,z\n") == [
        (2, ["LA", "x"], "2 cells where the header has 3"),
        (4, ["LA", "x", "y", "z"], "4 cells where the header has 3"),
    ]


def test_a_row_with_line_breaks_and_the_wrong_number_of_cells_is_one_row() -> None:
    text = HEADER + 'LA,"two\nlines"\n' + good("a")
    assert faulty(text) == [(2, ["LA", "two\nlines"], "2 cells where the header has 3")]
    assert whole(text) == [(4, "a")]


def test_nul_bytes_and_bytes_that_are_no_utf_8() -> None:
    data = (HEADER + good("a\0b", "c")).encode() + b"LA,01-15-2026 12:00:00,Mu\xf1oz\n" + good("José").encode()
    assert [(line, fault) for line, _, fault in faulty(data)] == [
        (2, "The row holds a NUL byte"),
        (4, "The row holds bytes that are not UTF-8"),
    ]
    assert whole(data) == [(3, "c"), (5, "José")]


BROKEN = {
    "not closed, in the last cell": 'LA,01-15-2026 12:00:00,"12 Oak',
    "not closed, in the first cell": '"LA,01-15-2026 12:00:00,12 Oak',
    "text behind the closing quote": 'LA,01-15-2026 12:00:00,"12" Oak',
    "nothing but a quote": '"',
    "a quote that closes on the next broken line": 'LA,01-15-2026 12:00:00,"',
}
FOLLOWERS = {
    "plain rows": good("a", "b", "c"),
    "rows with a quoted last cell": good('"a"', '"b"', '"c"'),
    "rows with a quoted first cell": good("a", "b", "c").replace("LA", '"LA"'),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("followers", FOLLOWERS.values(), ids=FOLLOWERS.keys())
def test_a_row_with_broken_quotes_harms_no_row_after_it(broken: str, followers: str) -> None:
    text = HEADER + good("0") + broken + "\n" + followers
    assert whole(text) == [(2, "0"), (4, "a"), (5, "b"), (6, "c")]
    [(line, cells, fault)] = faulty(text)
    assert line == 3
    assert ",".join(cells) == broken
    assert "quotation mark" in fault


@pytest.mark.parametrize(
    ("broken", "cells"),
    [
        ('LA,"$132,550",12" Oak,"x"y', ["LA", "$132,550", '12" Oak', '"x"y']),
        ('"LA,"$132,550","a ""b"", c",', ['"LA', "$132,550", 'a "b", c', ""]),
        ('LA,"","12 Oak,$132,550', ["LA", "", '"12 Oak', "$132", "550"]),
        ('LA,"x""', ["LA", '"x""']),
    ],
)
def test_a_row_with_broken_quotes_keeps_its_well_quoted_cells_whole(broken: str, cells: list[str]) -> None:
    assert [found for _, found, _ in faulty(HEADER + broken + "\n" + good("a"))] == [cells]


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("x" * 131_073, "A cell is longer than 1,000 characters"),
        ('"' + "x" * 131_073 + '"', "A cell is longer than 1,000 characters"),
        ("12\rOak", "A carriage return stands in a cell that has no quotation marks"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_for_the_right_reason(address: str, fault: str) -> None:
    text = HEADER + good(address, "a")
    assert [(line, cells[2], why) for line, cells, why in faulty(text)] == [(2, address.strip('"'), fault)]
    assert whole(text) == [(3, "a")]


def test_two_broken_rows_do_not_close_each_others_quotes_over_the_rows_between() -> None:
    opened = 'LA,01-15-2026 12:00:00,"'
    text = HEADER + opened + "x\n" + good("a", "b") + opened + "\n" + good("c")
    assert whole(text) == [(3, "a"), (4, "b"), (6, "c")]
    assert [line for line, _, _ in faulty(text)] == [2, 5]


def test_broken_rows_one_after_another_are_told_apart() -> None:
    text = HEADER + 'LA,01-15-2026 12:00:00,"x\n' * 3 + good("a") + '"\n"\n'
    assert whole(text) == [(5, "a")]
    assert [line for line, _, _ in faulty(text)][:3] == [2, 3, 4]


def test_the_lines_behind_a_broken_row_are_read_in_their_order() -> None:
    text = HEADER + 'LA,01-15-2026 12:00:00,"x\none\ntwo\n' + good("a")
    assert [(line, cells) for line, cells, _ in faulty(text)][1:] == [(3, ["one"]), (4, ["two"])]
    assert whole(text) == [(5, "a")]


@pytest.mark.parametrize("address", ['"\n12 Oak"', '"12 Oak\nApt 4"', '"12 ""Oak\nApt"", 4"'])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_row_over_several_lines_is_not_lost_to_a_broken_row_before_it(broken: str, address: str) -> None:
    text = HEADER + broken + "\n" + good(address, "a")
    [cell] = next(csv.reader(io.StringIO(address, newline="")))
    assert whole(text) == [(3, cell), (5, "a")]
    assert [line for line, _, _ in faulty(text)] == [2]


@pytest.mark.parametrize("second", ['12",Oak', '12 Oak"', '12 Oak",'])
def test_broken_rows_whose_quotes_meet_do_not_become_one_row(second: str) -> None:
    text = HEADER + good('"12,Oak', second, "a")
    assert [line for line, _, _ in faulty(text)][:1] == [2]
    assert [row.line for row in read(text)] == [2, 3, 4]


def test_a_note_whose_lines_begin_like_rows_is_one_cell() -> None:
    note = "called\n01-15-2026 12:00:00,again\n01-16-2026 12:00:00,answered"
    text = f'Call In Date,Note,State\n01-15-2026 12:00:00,"{note}",LA\n'
    assert [(row.cells[1], row.fault) for row in read(text)] == [(note, None)]


def test_an_address_that_looks_a_little_like_a_row_is_no_row() -> None:
    assert whole(HEADER + good('"12 Oak St\nApt 4, Floor 2, Rear\nPecanville"')) == [
        (2, "12 Oak St\nApt 4, Floor 2, Rear\nPecanville")
    ]


def test_a_quote_that_is_never_closed_does_not_take_the_rest_of_a_large_file_into_memory() -> None:
    text = HEADER + '"' + "no row at all\n" * 20_000 + good("a")
    assert whole(text) == [(20_002, "a")]


NAMES_FIRST = "Full Name,Address,State,Call In Date\n"


def test_a_row_with_an_open_quote_takes_no_good_row_along_whose_cell_begins_with_a_line_break() -> None:
    text = (
        NAMES_FIRST + 'Ada Sample,"1 Elm St,LA,03-14-2026 15:09:01\n'
        'Ben Other,"\n2 Oak Ave",LA,03-14-2026 15:09:02\n'
        "Cy Third,3 Fir Rd,LA,03-14-2026 15:09:03\n"
    )
    assert [(row.line, row.cells, row.fault and row.fault[:16]) for row in read(text)] == [
        (2, ["Ada Sample", '"1 Elm St', "LA", "03-14-2026 15:09:01"], "A quotation mark"),
        (3, ["Ben Other", "\n2 Oak Ave", "LA", "03-14-2026 15:09:02"], None),
        (5, ["Cy Third", "3 Fir Rd", "LA", "03-14-2026 15:09:03"], None),
    ]


def test_two_rows_whose_quotes_meet_do_not_become_one_person() -> None:
    """By itself the csv module reads one row: Ada at Cy's address, state and time."""
    text = NAMES_FIRST + 'Ada,"1 Elm, Apt 4,LA,03-14-2026 15:09:01\nCy,3 Fir",LA,03-14-2026 15:09:03\n'
    [ada, cy] = read(text)
    assert (ada.line, ada.cells[0], ada.fault is None) == (2, "Ada", False)
    assert (cy.line, cy.cells) == (3, ["Cy", '3 Fir"', "LA", "03-14-2026 15:09:03"])


def test_a_quoted_cell_that_ends_with_a_line_break_is_no_open_quote() -> None:
    text = HEADER + good('"12 Oak\n"', '"\n"', '"3 Fir\n\n"')
    assert whole(text) == [(2, "12 Oak\n"), (4, "\n"), (6, "3 Fir\n\n")]


@pytest.mark.parametrize("address", ["x" * 1_500_000, '"' + "x" * 1_500_000 + '"', "x," * 750_000])
def test_a_line_of_any_length_refuses_no_more_than_its_row(address: str) -> None:
    text = HEADER + good("a", address, "b") + 'LA,01-15-2026 12:00:00,"two\n' + "y" * 1_500_000 + '"\n' + good("c")
    assert whole(text) == [(2, "a"), (4, "b"), (7, "c")]
    [(line, cells, fault), *_] = faulty(text)
    assert (line, cells[:2]) == (3, ["LA", "01-15-2026 12:00:00"])
    assert fault == "The line is longer than 1,000,000 characters, which is where it is cut off here"
    assert sum(map(len, cells)) + len(cells) - 1 == 1_000_001
    assert [line for line, _, _ in faulty(text)] == [3, 5, 6]


def test_a_cell_of_an_unknown_column_is_bounded_as_well() -> None:
    for most, is_refused in ((1_000, False), (1_001, True)):
        assert [row.fault for row in read("State,Call In Date,Mood\n" + good("m" * most))] == [
            "A cell of an unknown column is longer than 1,000 characters" if is_refused else None
        ]


def test_lines_that_close_one_quote_and_open_the_next_are_read_in_time_and_memory_that_do_not_run_away() -> None:
    text = HEADER + 'x,"\n' + 'x",y,"\n' * 60_000 + "\n" + good("a")
    began = process_time()
    assert whole(text) == [(60_004, "a")]
    assert process_time() - began < 20


MEMORY = """
import io, resource
import django
django.setup()
from leads.ingestion.columns import EXPECTED
from leads.ingestion.reader import Reader
from leads.ingestion.source import open_source

class Huge(io.RawIOBase):
    \"\"\"A header, a good row, a line of 200 MB, another good row.\"\"\"
    pieces = [b"State,Call In Date,Mortgage ID,Source\\nLA,01-15-2026 12:00:00,1,CALL\\nLA,",
              *[bytes([65 + n % 26]) * 1_000_000 for n in range(200)],
              b",2,CALL\\nLA,01-15-2026 12:00:00,3,CALL\\n"]
    def readable(self): return True
    def readinto(self, buffer):
        if not self.pieces: return 0
        piece, rest = self.pieces[0][:len(buffer)], self.pieces[0][len(buffer):]
        self.pieces[:1] = [rest] if rest else []
        buffer[:len(piece)] = piece
        return len(piece)

MAY_LACK = frozenset(EXPECTED)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open_source(io.BufferedReader(Huge())) as source:
    print([(row.line, row.fault is None) for row in Reader(source.lines, may_lack=MAY_LACK).rows()])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_line_of_200_megabytes_takes_little_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, check=True, text=True, cwd=django_settings.BASE_DIR,
        env=os.environ
        | {"PYTHONPATH": str(django_settings.BASE_DIR), "DJANGO_SETTINGS_MODULE": "homeshield.settings"},
    )  # fmt: skip
    rows, megabytes = done.stdout.splitlines()
    assert rows == "[(2, True), (3, False), (4, True)]"
    assert int(megabytes) < 60


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(cells, cells, cells), max_size=12))
def test_whatever_is_well_formed_is_read_as_the_csv_module_reads_it(rows: list[tuple[str, str, str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    assert [row.cells for row in read(HEADER + out.getvalue()) if row.fault is None] == [list(row) for row in rows]


@given(st.lists(st.sampled_from([*BROKEN.values(), "good", "multi"]), max_size=15))
def test_whatever_is_broken_every_good_row_is_read_with_its_own_line(kinds: list[str]) -> None:
    text, expected, line = HEADER, [], 2
    for kind in kinds:
        lines = {"good": good(str(line)), "multi": good(f'"{line}\n"')}.get(kind, kind + "\n")
        if kind in {"good", "multi"}:
            expected.append((line, str(line) + "\n" * (kind == "multi")))
        text += lines
        line += lines.count("\n")
    found = whole(text)
    assert [row for row in expected if row not in found] == []


TEXTS = st.sampled_from(
    [
        "x",
        "1 Elm, Apt 4",
        "\n2 Oak Ave",
        "12 Oak\nApt 4",
        "a\n",
        "\n",
        "\n\n",
        "",
        ",",
        "\n,",
        'say "hi"',
        '"',
        '"\n',
        '\n"',
    ]
)
COLUMNS = ("State", "Call In Date", "Full Name", "Address")


@st.composite
def files_with_open_quotes(draw: st.DrawFn) -> tuple[str, list[tuple[int, list[str]]]]:
    """A file with its columns in any order, of which some rows lack a closing quote; and its good rows."""
    order = draw(st.permutations(COLUMNS))
    text, expected = ",".join(order) + "\n", []
    for number in range(draw(st.integers(1, 7))):
        cells = {"State": "LA", "Call In Date": f"03-14-2026 15:09:{number:02}"}
        if draw(st.booleans()):
            cells |= {"Full Name": draw(TEXTS), "Address": draw(TEXTS)}
            expected.append((text.count("\n") + 1, [cells[name] for name in order]))
            out = io.StringIO(newline="")
            all_quoted = draw(st.booleans())
            writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL)
            writer.writerow([cells[name] for name in order])
            text += out.getvalue()
        else:
            cells |= {"Full Name": "Ada", "Address": draw(st.sampled_from(["1 Elm St", "1 Elm St, Apt 4"]))}
            broken = draw(st.sampled_from(COLUMNS))
            text += ",".join('"' * (name == broken) + cells[name] for name in order) + "\n"
    return text, expected


@settings(max_examples=400)
@given(files_with_open_quotes())
def test_whatever_the_order_of_the_columns_no_open_quote_costs_a_good_row(
    file: tuple[str, list[tuple[int, list[str]]]],
) -> None:
    text, expected = file
    found = [(row.line, row.cells) for row in read(text) if not row.fault]
    assert [row for row in expected if row not in found] == []
    lines = [row.line for row in read(text)]
    assert lines == sorted(set(lines)), "each row has a line of its own"


whole_rows = st.sampled_from(
    ['LA,01-15-2026 12:00:00,"$132,550"', "LA,01-15-2026 12:00:00,12 Oak", '"LA","01-15-2026 12:00:00",x']
)
hurts = st.tuples(
    st.sampled_from([0, 3, 23]) | st.integers(0, 34),  # where a cell begins, or anywhere
    st.integers(0, 2),
    st.sampled_from(['"', '",', ',"', ""]) | st.sampled_from(['""', ',"\n"', "\0"]),
)
"""Where a row is hurt, how many characters it loses there, and what stands there instead."""


@settings(max_examples=250)
@given(st.lists(st.tuples(whole_rows, st.none() | hurts), max_size=8))
def test_whatever_is_done_to_some_rows_the_others_are_read_with_their_own_lines(
    rows: list[tuple[str, tuple[int, int, str] | None]],
) -> None:
    text, untouched = HEADER, []
    for row, hurt in rows:
        if hurt is None:
            untouched.append((text.count("\n") + 1, next(csv.reader([row]))[2]))
            text += f"{row}\n"
        else:
            at, lost, instead = hurt
            text += f"{row[:at]}{instead}{row[at + lost :]}\n"
    assert [row for row in untouched if row not in whole(text)] == []
    lines = [row.line for row in read(text)]
    assert lines == sorted(set(lines)), "each row has a line of its own"
