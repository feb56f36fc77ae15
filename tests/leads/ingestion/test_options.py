"""csv-format: what an operator says about a file. How many rejects are too many, which encoding it has."""

from decimal import Decimal
from pathlib import Path

import pytest

from leads.ingestion import IngestOptions, IngestRefused, IngestReport, MaxRejects
from leads.models import Lead
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.leads.ingestion.loads import ALL_MAY_BE_REJECTED, load, outcome, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def number(most: int) -> IngestOptions:
    return IngestOptions(max_rejects=MaxRejects(Decimal(most), is_percentage=False))


def percentage(most: str) -> IngestOptions:
    return IngestOptions(max_rejects=MaxRejects(Decimal(most), is_percentage=True))


BAD = [row(mortgage_id=f"bad {n}", state="XX") for n in range(3)]


@pytest.mark.parametrize(
    ("good", "bad", "options", "is_loaded"),
    [
        (1, 1, IngestOptions(), True),  # half of them are not more than half
        (2, 3, IngestOptions(), False),
        (0, 1, IngestOptions(), False),
        (0, 0, IngestOptions(), True),
        (0, 0, number(0), True),
        (2, 3, number(3), True),
        (2, 3, number(2), False),
        (2, 1, number(0), False),
        (2, 1, percentage("33.4"), True),
        (2, 1, percentage("33.3"), False),
        (0, 3, percentage("100"), True),
        (5, 0, percentage("0"), True),
    ],
)
def test_nothing_is_loaded_where_more_rows_are_rejected_than_is_allowed(
    file: Path, good: int, bad: int, options: IngestOptions, is_loaded: bool
) -> None:
    file.write_bytes(csv_bytes(*rows(good), *BAD[:bad]))
    for dry_run in (True, False):
        report = load(file, dry_run=dry_run, options=options)
        assert report.too_many_rejected is not is_loaded
        assert outcome(report) == (good + bad, good if is_loaded else 0, 0, bad)
        assert (report.rejects_file is not None) == bool(bad)
    assert Lead.objects.count() == (good if is_loaded else 0)


def test_of_a_file_with_too_many_rejects_nothing_is_told_as_loaded(file: Path) -> None:
    file.write_bytes(csv_bytes(row(county="Nowhere"), *BAD))
    report = load(file, options=IngestOptions())
    told = report.as_json()
    assert [told[name] for name in ("loaded", "gold", "silver", "inventory_created", "unmatched_leads")] == [0] * 5
    assert (told["rejected"], told["too_many_rejected"], told["max_rejects"]) == (3, True, "50%")
    assert told["unmatched_counties"] == []
    assert report.rejects_file is not None
    assert report.rejects_file.read_text().count("bad ") == 3


# --- Encodings ---

WINDOWS = IngestOptions(encoding="windows-1252", max_rejects=ALL_MAY_BE_REJECTED)


def accented(encoding: str, *names: str) -> bytes:
    return csv_bytes(*(row(first_name=name, mortgage_id=name) for name in names)).decode().encode(encoding)


def test_a_file_that_looks_like_windows_1252_says_so_and_loads_with_its_encoding(file: Path) -> None:
    file.write_bytes(accented("windows-1252", "José", "Ada", "D’Arcy"))
    first = load(file)
    assert (outcome(first), first.likelier_encoding) == ((3, 1, 0, 2), "windows-1252")
    second = load(file, options=WINDOWS)
    assert (outcome(second), second.likelier_encoding) == ((3, 2, 1, 0), None)
    assert set(Lead.objects.values_list("first_name", flat=True)) == {"José", "Ada", "D’Arcy"}


@pytest.mark.parametrize(("encoding", "rejected"), [("latin-1", 1), ("ascii", 2), ("cp437", 0)])
def test_a_file_in_windows_1252_that_is_read_as_a_part_of_it_says_so(file: Path, encoding: str, rejected: int) -> None:
    file.write_bytes(accented("windows-1252", "José", "Ada", "D’Arcy"))
    report = load(file, options=IngestOptions(encoding=encoding, max_rejects=ALL_MAY_BE_REJECTED))
    assert report.rejected == rejected
    assert report.likelier_encoding == ("windows-1252" if rejected else None)


def test_a_header_that_looks_like_windows_1252_says_so(file: Path) -> None:
    file.write_bytes(csv_bytes(row()).replace(b"Lender", b"Pr\xeateur"))
    with pytest.raises(IngestRefused, match=r"It looks like windows-1252: load it with --encoding windows-1252, or"):
        load(file)


def test_a_file_of_mixed_encodings_is_called_neither(file: Path) -> None:
    file.write_bytes(csv_bytes(row(first_name="José")) + accented("windows-1252", "José").split(b"\n", 1)[1])
    report = load(file)
    assert (outcome(report), report.likelier_encoding) == ((2, 1, 0, 1), None)


@pytest.mark.parametrize(
    ("encoding", "byte"),
    [("windows-1252", b"\x81"), ("windows-1252", b"\x9d"), ("latin-1", b"\x92"), ("ascii", b"\xe9")],
)
def test_a_byte_that_is_none_in_the_encoding_refuses_its_row_and_is_kept(
    file: Path, encoding: str, byte: bytes
) -> None:
    file.write_bytes(csv_bytes(row(first_name="Ada"), row(first_name="B?b")).replace(b"B?b", b"B" + byte + b"b"))
    report = load(file, options=IngestOptions(encoding=encoding))
    assert outcome(report) == (2, 1, 0, 1)
    assert report.reject_reasons == {f"The row holds bytes that are not {encoding}": 1}
    assert report.rejects_file is not None
    assert b",B" + byte + b"b," in report.rejects_file.read_bytes()


def test_rejects_are_written_in_the_encoding_of_the_input(file: Path, tmp_path: Path) -> None:
    file.write_bytes(accented("windows-1252", "José").replace(b",LA,", b",XX,"))
    rejects = load(file, options=WINDOWS).rejects_file
    assert rejects is not None
    (mended := tmp_path / "mended.csv").write_bytes(rejects.read_bytes().replace(b",XX,", b",LA,"))
    assert outcome(load(mended, options=WINDOWS)) == (1, 1, 0, 0)
    assert Lead.objects.get().first_name == "José"


def test_a_utf_8_file_is_not_read_as_something_else(file: Path) -> None:
    file.write_bytes(accented("utf-8", "José", "Ada"))
    for dry_run in (True, False):
        with pytest.raises(IngestRefused, match=r"The file is in UTF-8, not in windows-1252"):
            load(file, dry_run=dry_run, options=WINDOWS)
    assert not Lead.objects.exists()


def test_rows_of_unusual_length_make_smaller_batches(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from leads.ingestion import loading

    monkeypatch.setattr(loading, "BATCH_CHARACTERS", 2_000)
    file.write_bytes(csv_bytes(*(row(mortgage_id=str(n), address="x" * 900, lender="y" * 900) for n in range(4))))
    assert outcome(load(file)) == (4, 4, 0, 0)


def test_a_report_counts_who_has_opted_out() -> None:
    assert IngestReport().as_json()["opted_out"] == 0
