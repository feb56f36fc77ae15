"""What is no CSV is named as what it is; other encodings are read where they are named."""

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from leads.ingestion.encodings import Encoding
from leads.ingestion.errors import IngestRefused
from leads.ingestion.file_kinds import other_kind
from leads.ingestion.source import LONGEST_LINE, is_cut, open_source
from tests.leads.ingestion.csv_files import csv_bytes, row

CSV = csv_bytes(row())


def lines(data: bytes, encoding: str = "utf-8") -> list[str]:
    with open_source(io.BytesIO(data), Encoding(encoding)) as source:
        return list(source.lines)


def refusal(source: Path | bytes, encoding: str = "utf-8") -> str:
    given = io.BytesIO(source) if isinstance(source, bytes) else source
    with pytest.raises(IngestRefused) as refused, open_source(given, Encoding(encoding)):
        pass
    return refused.value.message


def xlsx() -> bytes:
    Workbook().save(out := io.BytesIO())
    return out.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


OTHERS = {
    "an Excel workbook (.xlsx)": xlsx(),
    "an Excel workbook of the old kind (.xls)": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "an OpenDocument spreadsheet (.ods)": zipped("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
    "a zip archive": zipped("leads.csv", CSV),
    "compressed with bzip2": bz2.compress(CSV),
    "compressed with xz": lzma.compress(CSV),
    "a PDF document": b"%PDF-1.7\n",
    "a web page": b"\xef\xbb\xbf\n<!DOCTYPE html><html>",
    "text in UTF-16, not in UTF-8": CSV.decode().encode("utf-16"),
    "text in UTF-16, not": CSV.decode().encode("utf-16-le"),
    "text in UTF-16": CSV.decode().encode("utf-16-be"),
    "text in UTF-32, not in UTF-8": CSV.decode().encode("utf-32"),
    "text in UTF-32": CSV.decode().encode("utf-32-be"),
}


@pytest.mark.parametrize(("kind", "content"), OTHERS.items(), ids=OTHERS)
def test_a_file_of_another_kind_is_named_with_how_to_make_a_csv_of_it(
    kind: str, content: bytes, tmp_path: Path
) -> None:
    (plain := tmp_path / "leads.csv").write_bytes(content)
    (packed := tmp_path / "leads.csv.gz").write_bytes(gzip.compress(content))
    for source, name in ((plain, str(plain)), (packed, str(packed)), (content, "The input")):
        said = refusal(source)
        assert said.startswith(f"{name} is {kind}")
        assert any(advice in said for advice in ('the type "CSV UTF-8', "Decompress it", "Ask the call center"))


def test_a_packed_stream_is_told_how_to_unpack_it() -> None:
    assert (
        refusal(gzip.compress(CSV))
        == "The input is compressed with gzip. Decompress it on its way here: gunzip -c FILE."
    )


def test_a_file_that_is_packed_twice_is_told(tmp_path: Path) -> None:
    (packed := tmp_path / "leads.csv.gz").write_bytes(gzip.compress(gzip.compress(CSV)))
    assert refusal(packed) == f"{packed} is compressed with gzip twice. Decompress it once."


@pytest.mark.parametrize("data", [b"", b"S", CSV, b"\xef\xbb\xbf" + CSV, b"PK,BZ\n", b"State\0,x\n" + CSV])
def test_a_csv_is_of_no_other_kind(data: bytes) -> None:
    assert other_kind(data) is None
    assert "".join(lines(data)).encode() == data.removeprefix(b"\xef\xbb\xbf")


class Trickle(io.RawIOBase):
    """A pipe that gives a byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 1) if size >= 0 else 1)


def test_a_slow_stream_is_read_whole_and_left_open() -> None:
    stream = Trickle(CSV)
    with open_source(stream) as source:  # type: ignore[arg-type]
        assert "".join(source.lines).encode() == CSV
    assert not stream.closed


def test_a_line_of_any_length_is_cut_and_harms_no_other() -> None:
    longest = "x" * LONGEST_LINE
    found = lines(f"a\n{longest}\n{longest}yyy\nb\n{longest}y".encode())
    assert [(len(line), is_cut(line)) for line in found] == [
        (2, False), (LONGEST_LINE + 1, False), (LONGEST_LINE + 1, True), (2, False), (LONGEST_LINE + 1, True),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["windows-1252", "cp1252", "latin-1", "ISO-8859-15", "mac-roman", "cp437", "UTF8"])
def test_an_encoding_of_one_byte_a_character_is_read(name: str) -> None:
    assert lines("Muñoz\n".encode(name), name) == ["Muñoz\n"]


@pytest.mark.parametrize("name", ["utf-16", "utf-32", "utf-7", "shift-jis", "gbk", "cp037", "iso2022_jp", "hex"])
def test_an_encoding_in_which_commas_and_line_ends_cannot_be_found_is_refused(name: str) -> None:
    with pytest.raises(IngestRefused, match=rf'The encoding "{name}" cannot be read\. Save the file as "CSV UTF-8"'):
        Encoding(name)


@pytest.mark.parametrize("name", ["", "windows", "x\0y", "utf-8; drop"])
def test_a_name_of_no_encoding_is_refused(name: str) -> None:
    with pytest.raises(IngestRefused, match=r"There is no encoding .* Usual ones are utf-8 and windows-1252\."):
        Encoding(name)


def test_a_byte_order_mark_contradicts_another_encoding() -> None:
    said = refusal(b"\xef\xbb\xbf" + CSV, "windows-1252")
    assert said == "The input is in UTF-8, as its byte order mark says. Load it without --encoding."
