"""csv-format: the rejects file."""

import csv
import fcntl
import resource
from pathlib import Path
from typing import IO

import pytest

from leads.ingestion import IngestOptions, IngestRefused
from leads.ingestion.columns import Header
from leads.ingestion.rejects import Rejects, _remove_leftovers
from leads.models import Lead
from tests.leads.ingestion.csv_files import HEADER, csv_bytes, row
from tests.leads.ingestion.loads import ALL_MAY_BE_REJECTED, load, outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def test_a_rejected_row_is_kept_as_it_came_with_its_line_and_the_reasons(file: Path) -> None:
    file.write_bytes(
        csv_bytes(
            row(),
            row(state=" xx ", call_in_date="", address="12 Oak\nApt 4"),
            ["too", "few"],
            row(call_in_date="01-01-2099 00:00:00"),
        )
    )
    report = load(file)
    assert outcome(report) == (4, 1, 0, 3)
    assert report.rejects_file == file.with_name("leads.rejects.csv")
    with report.rejects_file.open(newline="") as rejects:
        header, *rejected = csv.reader(rejects)
    assert header == ["reject_line", "reject_reason", *HEADER]
    assert rejected == [
        [
            "3",
            "State is not a US state, district, territory or military code; Call In Date is missing",
            *row(state=" xx ", call_in_date="", address="12 Oak\nApt 4"),
        ],
        ["5", "2 cells where the header has 25", "too", "few"],
        ["6", "Call In Date lies in the future", *row(call_in_date="01-01-2099 00:00:00")],
    ]
    assert report.reject_reasons["Call In Date is missing"] == 1


def test_bytes_that_are_no_text_are_kept(file: Path) -> None:
    file.write_bytes(csv_bytes(row(), row(first_name="Beau\0")) + csv_bytes(row(first_name="Mu?oz"), header=None))
    file.write_bytes(file.read_bytes().replace(b"Mu?oz", b"Mu\xf1oz"))
    report = load(file)
    assert outcome(report) == (3, 1, 0, 2)
    assert report.rejects_file is not None
    kept = report.rejects_file.read_bytes()
    assert b"3,The row holds a NUL byte," in kept
    assert b"Beau\0" in kept
    assert b"4,The row holds bytes that are not UTF-8," in kept
    assert b"Mu\xf1oz" in kept


def test_mended_rejects_load_and_what_is_still_wrong_is_rejected_again(tmp_path: Path, file: Path) -> None:
    file.write_bytes(csv_bytes(row(mortgage_id="1"), row(mortgage_id="2", state="XX"), row(mortgage_id="3", state="")))
    first = load(file)
    assert first.rejects_file is not None
    mended = tmp_path / "mended.csv"
    mended.write_text(first.rejects_file.read_text().replace("XX", "TX"))
    second = load(mended)
    assert outcome(second) == (2, 1, 0, 1)
    assert second.unknown_columns == ()
    assert set(Lead.objects.values_list("mortgage_id", "state")) == {("1", "LA"), ("2", "TX")}
    assert second.rejects_file == tmp_path / "mended.rejects.csv"
    with second.rejects_file.open(newline="") as rejects:
        assert list(csv.reader(rejects)) == [
            ["reject_line", "reject_reason", *HEADER],
            ["3", "State is missing", *row(mortgage_id="3", state="")],
        ]


FORMULAS = {
    "lender": '=HYPERLINK("http://x.invalid")',
    "borrower_phone": "+13181000102",
    "mortgage_amount": "-$132,550",
    "city": "\ufeff＝Pecanville",
    "agent_id": "\n@7",
    "full_name": "  Ada",
}


def test_a_rejected_cell_is_no_formula(file: Path) -> None:
    file.write_bytes(csv_bytes(row(state="XX", **FORMULAS), header=[*HEADER[:-1], "=Source"]))
    report = load(file)
    assert report.rejects_file is not None
    with report.rejects_file.open(newline="") as rejects:
        header, [_, _, *cells] = csv.reader(rejects)
    assert header == ["reject_line", "reject_reason", *HEADER]
    assert cells == row(
        state="XX", lender='HYPERLINK("http://x.invalid")', borrower_phone="13181000102", mortgage_amount="$132,550",
        city="Pecanville", agent_id="7", full_name="  Ada",
    )  # fmt: skip
    assert report.rejects_cells_changed == 5


def test_raw_rejects_are_as_they_came(file: Path) -> None:
    file.write_bytes(csv_bytes(row(state="XX", **FORMULAS)))
    report = load(file, options=IngestOptions(max_rejects=ALL_MAY_BE_REJECTED, raw_rejects=True))
    assert report.rejects_file is not None
    with report.rejects_file.open(newline="") as rejects:
        _, [_, _, *cells] = csv.reader(rejects)
    assert cells == row(state="XX", **FORMULAS)
    assert report.rejects_cells_changed == 0


@pytest.mark.parametrize("raw", [False, True])
def test_rejects_can_be_mended_and_loaded_whether_they_are_harmless_or_raw(
    tmp_path: Path, file: Path, raw: bool
) -> None:
    file.write_bytes(csv_bytes(row(state="XX", **FORMULAS), header=["=" + name for name in HEADER]))
    first = load(file, options=IngestOptions(max_rejects=ALL_MAY_BE_REJECTED, raw_rejects=raw))
    assert first.rejects_file is not None
    mended = tmp_path / "mended.csv"
    mended.write_text(first.rejects_file.read_text().replace("XX", "LA"))
    assert outcome(load(mended)) == (1, 1, 0, 0)
    assert Lead.objects.get().borrower_phone == ("+13181000102" if raw else "13181000102")


def test_broken_quotes_end_up_in_a_rejects_file_that_is_whole(file: Path) -> None:
    file.write_bytes(csv_bytes(row()) + b'LA,"never closed\n' + csv_bytes(row(state=""), header=None))
    report = load(file)
    assert report.rejects_file is not None
    with report.rejects_file.open(newline="") as rejects:
        _, first, second = csv.reader(rejects, strict=True)
    assert (first[0], first[2:]) == ("3", ["LA", '"never closed'])
    assert second[:2] == ["4", "State is missing"]


def test_no_rejects_no_file(file: Path) -> None:
    file.write_bytes(csv_bytes(row()))
    assert load(file).rejects_file is None
    assert list(file.parent.iterdir()) == [file]


def test_a_rejects_file_from_before_is_left_and_told_where_nothing_is_rejected(file: Path) -> None:
    file.write_bytes(csv_bytes(row(state="XX")))
    first = load(file)
    assert first.rejects_file is not None
    assert first.old_rejects_file is None
    before = first.rejects_file.read_bytes()
    file.write_bytes(csv_bytes(row()))
    second = load(file)
    assert (second.rejects_file, second.old_rejects_file) == (None, first.rejects_file)
    assert first.rejects_file.read_bytes() == before


def test_a_rejects_file_that_another_load_took_for_a_leftover_is_made_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other load looks between the making of the file and its locking."""
    lock = fcntl.flock
    looked: list[None] = []

    def locked_late(opened: IO[str], operation: int) -> None:
        if not looked and opened.mode == "w":
            looked.append(None)
            _remove_leftovers(file.with_name("leads.rejects.csv"))
        lock(opened, operation)

    monkeypatch.setattr("leads.ingestion.rejects.fcntl.flock", locked_late)
    file.write_bytes(csv_bytes(row(state="XX")))
    report = load(file)
    assert looked
    assert report.rejects_file is not None
    assert "XX" in report.rejects_file.read_text()


def test_only_the_owner_may_read_the_rejects(file: Path) -> None:
    file.write_bytes(csv_bytes(["broken"]))
    rejects = load(file).rejects_file
    assert rejects is not None
    assert rejects.stat().st_mode & 0o777 == 0o600


def test_the_rejects_of_a_stream_are_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(csv_bytes(["broken"])).rejects_file == Path("stdin.rejects.csv")
    assert list(tmp_path.iterdir()) == [tmp_path / "stdin.rejects.csv"]


def test_the_rejects_file_is_named_as_it_was_given(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "here").mkdir()
    monkeypatch.chdir(file.parent / "here")
    file.write_bytes(csv_bytes(["broken"]))
    assert load(Path("../leads.csv")).rejects_file == Path("../leads.rejects.csv")
    assert load(file, rejects_path=Path("r.csv")).rejects_file == Path("r.csv")
    file.write_bytes(csv_bytes(row()))
    assert load(file, rejects_path=Path("r.csv")).old_rejects_file == Path("r.csv")
    with pytest.raises(IngestRefused, match=r"there is no folder nowhere\.$"):
        load(file, rejects_path=Path("nowhere/r.csv"))


def test_a_link_to_a_rejects_file_is_followed(tmp_path: Path, file: Path) -> None:
    link, target = tmp_path / "link.csv", tmp_path / "target.csv"
    link.symlink_to(target)
    file.write_bytes(csv_bytes(["broken"]))
    assert load(file, rejects_path=link).rejects_file == link
    assert link.is_symlink()
    assert "broken" in target.read_text()


def test_a_place_where_rejects_cannot_be_is_refused_before_anything_is_loaded(file: Path) -> None:
    file.write_bytes(csv_bytes(row()))
    for place in (file, file.parent, file.parent / "nowhere" / "r.csv", Path("/dev/null")):
        with pytest.raises(IngestRefused, match="rejects file"):
            load(file, rejects_path=place)
    assert not Lead.objects.exists()
    assert file.read_bytes() == csv_bytes(row())


def test_a_disk_without_room_for_the_rejects_refuses_the_file_before_anything_is_loaded(file: Path) -> None:
    file.write_bytes(csv_bytes(row(), row(mortgage_id="2", state="")))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(IngestRefused, match="cannot be written"):
            load(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not Lead.objects.exists()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_a_killed_load_left_is_removed_and_what_another_one_holds_is_not(file: Path) -> None:
    file.write_bytes(csv_bytes(row(), row(state="")))
    left, held, theirs = (file.with_name(f".leads.rejects.csv.{name}") for name in ("99991", "99992", "old"))
    for path in (left, held, theirs):
        path.touch()
    with held.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        load(file)
    assert set(file.parent.iterdir()) == {file, file.with_name("leads.rejects.csv"), held, theirs}


def test_an_interrupted_load_keeps_nothing_that_its_reader_still_rejects(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "r.csv", Header(tuple(HEADER)))
    rejects.discard()
    rejects.add(2, "State is missing", ["", "x"])
    assert list(tmp_path.iterdir()) == []
