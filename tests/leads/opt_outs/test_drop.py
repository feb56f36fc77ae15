"""Contract, "Opt-out": DROP's list and the answer to it, to the letter."""

import io
from base64 import b64encode
from hashlib import sha256

import pytest

from leads.opt_outs.drop import DropAnswer, DropStatus, drop_read

HASH = "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E="
DIGEST = sha256(b"4155559317").digest()


def test_the_hash_is_the_base64_of_the_sha_256_of_the_last_ten_digits() -> None:
    assert b64encode(DIGEST).decode() == HASH
    assert [(entry.id, entry.digest) for entry in drop_read([f"aB3dE6gH9jK2,{HASH}\n"])] == [("aB3dE6gH9jK2", DIGEST)]


@pytest.mark.parametrize("header", ["", "ID,Hash\n", "id,HASH\r\n", '"Id","Hash"\n', "\ufeffID,Hash\n"])
def test_a_header_and_empty_lines_are_no_requests(header: str) -> None:
    lines = f"{header}aaaaaaaaaaaa,{HASH}\n\nbbbbbbbbbbbb,{HASH}\r\n".splitlines(keepends=True)
    assert [entry.id for entry in drop_read(lines)] == ["aaaaaaaaaaaa", "bbbbbbbbbbbb"]


@pytest.mark.parametrize(
    "line",
    [
        "cccccccccccc,4155559317\n",  # a number, which DROP never sends
        "cccccccccccc,\n",
        "cccccccccccc\n",
        f",{HASH}\n",
        f"cccccccccccc,{HASH[:-5]}\n",
        "cccccccccccc," + HASH.replace("v", "!") + "\n",
    ],
)
def test_a_line_without_id_or_hash_is_told_by_its_number(line: str) -> None:
    entries = list(drop_read([f"aaaaaaaaaaaa,{HASH}\n", line, f"bbbbbbbbbbbb,{HASH}\n"]))
    assert [(entry.line, entry.digest) for entry in entries] == [(1, DIGEST), (2, None), (3, DIGEST)]


def test_a_stray_quotation_mark_swallows_no_other_line() -> None:
    entries = list(drop_read(['"aaaaaaaaaaaa,{HASH}\n', f"bbbbbbbbbbbb,{HASH}\n"]))
    assert [entry.digest for entry in entries] == [None, DIGEST]


def test_a_quoted_cell_may_hold_a_line_break() -> None:
    entries = list(drop_read(['"aaaaaaaaaaaa\n', f'",{HASH}\n', f"bbbbbbbbbbbb,{HASH}\n"]))
    assert [(entry.line, entry.id, entry.digest) for entry in entries] == [
        (1, "aaaaaaaaaaaa", DIGEST), (3, "bbbbbbbbbbbb", DIGEST),
    ]  # fmt: skip


def test_the_answer_is_a_csv_of_id_and_status() -> None:
    file = io.StringIO(newline="")
    answer = DropAnswer(file)
    answer.write([("a", DropStatus.EXEMPT), ("b", DropStatus.DELETED)])
    answer.write([("c", DropStatus.OPTED_OUT), ("d", DropStatus.NOT_FOUND)])
    assert file.getvalue() == "Id,Status\na,2\nb,3\nc,4\nd,5\n"


def test_the_answer_to_an_empty_list_is_a_header() -> None:
    file = io.StringIO(newline="")
    DropAnswer(file).write([])
    assert file.getvalue() == "Id,Status\n"
