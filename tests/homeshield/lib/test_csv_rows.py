"""Rows of a list whose cells may hold line breaks, and whose quotation marks may be broken."""

import csv
import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeshield.lib.csv_rows import LONGEST_ROW, Row, rows_of_lines

cells = st.sampled_from(["", "a", '"', '""', "a\nb", "\n", ",", '";', '|"\t', ' "a" ', '\n"'])
tables = st.lists(st.tuples(cells, cells, cells), max_size=6)


def written(table: list[tuple[str, ...]], delimiter: str = ",") -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    return file.getvalue()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tables, st.sampled_from(",;\t|"))
def test_what_a_program_has_written_comes_back_row_by_row(table: list[tuple[str, ...]], delimiter: str) -> None:
    text = written(table, delimiter)
    rows = list(rows_of_lines(io.StringIO(text, newline="\n")))
    assert [tuple(next(csv.reader([row.text], delimiter=delimiter))) for row in rows] == table
    lines = text.split("\n")
    assert all(row.text.split("\n")[0] == lines[row.line - 1] for row in rows)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n", '\n"', '",'])).map("".join))
def test_no_line_is_lost_or_told_twice(text: str) -> None:
    lines = [line.rstrip("\r\n") for line in io.StringIO(text, newline="\n")]
    rows = list(rows_of_lines(io.StringIO(text, newline="\n")))
    assert [line for row in rows for line in row.text.split("\n")] == lines
    assert [row.line for row in rows] == sorted({row.line for row in rows})


def test_a_quotation_mark_that_is_never_closed_swallows_nothing() -> None:
    lines = ['"Ada,1\n', *("Bo,2\n" for _ in range(100))]
    rows = list(rows_of_lines(lines))
    assert rows == [Row(n, line.rstrip()) for n, line in enumerate(lines, 1)]


def test_two_stray_quotation_marks_make_no_row_of_what_is_between() -> None:
    assert len(list(rows_of_lines(['"Ada,1\n', "Bo,2\n", 'Cy "Boy,3\n']))) == 3
    assert len(list(rows_of_lines(['"Ada,1\n', '"Bo,2\n', "Cy,3\n"]))) == 3


def test_a_row_has_an_end() -> None:
    longest = ['"a\n', *["b\n"] * (LONGEST_ROW - 2), 'c",1\n']
    assert len(list(rows_of_lines(longest))) == 1
    assert len(list(rows_of_lines(['"a\n', "b\n", *longest[1:]]))) == LONGEST_ROW + 1
