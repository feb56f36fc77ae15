"""`manage.py ingest_csv`, as a shell calls it."""

import gzip
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from inventory.models import InventoryRecord, YoungLead
from leads.age import AgeBucket
from leads.models import Lead, Load
from pricing.models import PriceRule
from tests.concurrency.parallel import rival
from tests.leads.ingestion.csv_files import HEADER, csv_bytes, row
from tests.sales.purchases import set_prices

ROWS = [row(mortgage_id=str(n), source="" if n == 2 else "CALL") for n in range(3)]
CALLED = datetime(2026, 1, 15, 18, tzinfo=UTC)
BAD = row(state="XX", last_name="Secretname")
PATIENCE = 60
"""Seconds: a busy machine may take as many to start a process."""
KEYS = {
    "rows", "loaded", "duplicates", "rejected", "opted_out", "gold", "silver", "inventory_created", "missing_columns",
    "unknown_columns", "unmatched_counties", "too_many_rejected", "rejects_file", "seconds",
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_bytes(csv_bytes(*ROWS, BAD))
    return path


def run(*arguments: str | Path) -> tuple[str, str]:
    """What it prints to standard output and to standard error."""
    out, err = StringIO(), StringIO()
    call_command("ingest_csv", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def run_json(*arguments: str | Path) -> dict[str, Any]:
    out, _ = run(*arguments, "--json")
    answer: dict[str, Any] = json.loads(out)
    return answer


def refusal(*arguments: str | Path) -> str:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert error.value.returncode == 2
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.django_db
class TestCommand:
    def test_a_file_is_loaded_and_its_records_are_opened(self, file: Path) -> None:
        answer = run_json(file)
        assert set(answer) >= KEYS
        assert {key: answer[key] for key in ("rows", "loaded", "duplicates", "rejected", "gold", "silver")} == {
            "rows": 4, "loaded": 3, "duplicates": 0, "rejected": 1, "gold": 2, "silver": 1,
        }  # fmt: skip
        assert answer["rejects_file"] == str(file.with_name("leads.rejects.csv"))
        assert answer["inventory_created"] == InventoryRecord.objects.count() == 3

    def test_a_second_time_everything_is_a_duplicate(self, file: Path) -> None:
        run(file)
        answer = run_json(file)
        assert (answer["loaded"], answer["duplicates"], answer["inventory_created"]) == (0, 3, 0)
        assert (Lead.objects.count(), InventoryRecord.objects.count()) == (3, 3)

    def test_the_summary_is_for_people_and_names_nobody(self, file: Path, now: datetime) -> None:
        set_prices(now)
        file.write_bytes(
            csv_bytes(*([*cells, "x"] for cells in (*ROWS, BAD, row(county="No\x1bwhere"))), header=[*HEADER, "Mood"])
        )
        out, err = run(file)
        lines = [line.strip() for line in out.splitlines()]
        assert lines[0].startswith(f"Processed {file}: 5 rows in ")
        assert lines[1:] == [
            "4  leads loaded: 3 Gold, 1 Silver",
            "4  inventory records opened",
            "0  duplicates skipped",
            "0  opted out, skipped",
            f"1  rows rejected, see {file.with_name('leads.rejects.csv')}",
            "1 × State is not a US state, district, territory or military code",
            "Unknown columns, ignored: Mood",
            "1 lead in counties that are not on the Census list:",
            "1 × No\N{REPLACEMENT CHARACTER}where, LA",
            f"This is load {Load.objects.get().id}.",
            "75% Gold",
            "0% without a phone number",
            "0% of persons seen before",
        ]
        assert "Secretname" not in out + err

    @pytest.mark.parametrize("dry", [[], ["--dry-run"]])
    def test_a_load_into_a_shop_without_prices_says_so(self, file: Path, now: datetime, dry: list[str]) -> None:
        bucket = AgeBucket.at(CALLED, now)
        assert bucket
        out, _ = run(file, *dry)
        assert "No price is in force, so nothing can be sold. Set prices on the staff pages, or run" in out
        be = "Would not be" if dry else "Not"
        named = [f"2 × Gold, {bucket.label}", f"1 × Silver, {bucket.label}"]
        lines = [line.strip() for line in out.splitlines()]
        at = lines.index(f"{be} for sale until a price is in force:")
        assert lines[at + 1 : at + 3] == named

    @pytest.mark.parametrize("dry", [[], ["--dry-run"]])
    def test_programs_are_told_of_stock_without_prices(self, file: Path, now: datetime, dry: list[str]) -> None:
        bucket = AgeBucket.at(CALLED, now)
        assert bucket
        answer = run_json(file, *dry)
        assert answer["prices_in_force"] == 0
        assert answer["without_price"] == [
            {"classification": "Gold", "age_bucket": bucket.value, "records": 2},
            {"classification": "Silver", "age_bucket": bucket.value, "records": 1},
        ]

    def test_a_load_that_makes_stock_without_a_price_names_its_class_and_age(self, file: Path, now: datetime) -> None:
        set_prices(now)
        bucket = AgeBucket.at(CALLED, now)
        assert bucket
        PriceRule.objects.filter(classification="Silver", age_bucket=bucket).update(effective_until_utc=timezone.now())
        out, _ = run(file, "--dry-run")
        assert "No price is in force, so" not in out
        assert f"Would not be for sale until a price is in force:\n{'1':>17} × Silver, {bucket.label}\n" in out
        answer = run_json(file)
        assert answer["prices_in_force"] == 9
        assert answer["without_price"] == [{"classification": "Silver", "age_bucket": bucket.value, "records": 1}]

    def test_a_load_whose_stock_has_prices_says_nothing_of_them(self, file: Path, now: datetime) -> None:
        set_prices(now)
        out, _ = run(file, "--dry-run")
        assert "price" not in out.lower()
        assert run_json(file)["without_price"] == []

    def test_a_county_without_end_refuses_its_row_alone_and_a_dry_run_foretells_it(
        self, file: Path, now: datetime
    ) -> None:
        """No index takes so much: the load of an old lead failed as a whole, and that of a young one never rolled."""
        endless = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(80))[:5_000]
        young = (now - timedelta(days=30)).strftime("%m-%d-%Y %H:%M:%S")
        old, fresh = row(mortgage_id="old", county=endless), row(county=endless, call_in_date=young)
        file.write_bytes(csv_bytes(ROWS[0], old, fresh, ROWS[1]))
        told = [run_json(file, *how) for how in (["--dry-run"], [])]
        assert [(answer["loaded"], answer["reject_reasons"]) for answer in told] == [
            (2, {"County is longer than 100 characters": 2})
        ] * 2
        assert set(Lead.objects.values_list("county", flat=True)) == {"Caddo"}
        assert (InventoryRecord.objects.count(), YoungLead.objects.count()) == (2, 0)

    def test_a_row_that_an_index_does_not_take_is_no_database_that_cannot_be_used(self, file: Path) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX too_narrow ON leads (address)")
        letters = Random(7)
        four_bytes_each = "".join(chr(letters.randrange(0x10000, 0x10FFFF)) for _ in range(1_000))
        file.write_bytes(csv_bytes(row(address=four_bytes_each)))
        assert "The database refused the leads: index row " in refusal(file)

    def test_a_dry_run_says_so_and_loads_nothing(self, file: Path) -> None:
        out, _ = run(file, "--dry-run")
        assert out.startswith("Dry run of")
        assert "3  leads would be loaded: 2 Gold, 1 Silver" in out
        assert not Lead.objects.exists()

    def test_a_file_that_cannot_be_read_is_named_as_it_was_given(self, file: Path) -> None:
        assert refusal("no/such/leads.csv") == "Cannot read no/such/leads.csv: No such file or directory."
        file.write_bytes(b"x" * 1_000_001)
        assert "this is not a CSV file" in refusal(file)

    def test_rejects_of_a_load_before_are_told_apart(self, file: Path) -> None:
        rejects = run_json(file)["rejects_file"]
        file.write_bytes(csv_bytes(*ROWS))
        out, _ = run(file)
        assert f"{rejects} is from before, and was left as it is: this time no row was rejected." in out
        assert run_json(file)["old_rejects_file"] == rejects

    def test_rejects_go_where_they_are_told(self, file: Path, tmp_path: Path) -> None:
        place = tmp_path / "elsewhere.csv"
        assert run_json(file, "--rejects", place)["rejects_file"] == str(place)
        assert sorted(tmp_path.iterdir()) == sorted([file, place])

    def test_a_packed_file_is_unpacked(self, file: Path) -> None:
        packed = file.with_name("leads.CSV.GZ")
        packed.write_bytes(gzip.compress(file.read_bytes()))
        assert run_json(packed)["loaded"] == 3

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "No such file"),
            (b"", "empty"),
            (b"Zip,City\n", "State"),
            (b"State,Zip\n", "Call In Date"),
            (csv_bytes(row(last_name="Secretname"), header=None), "header row"),
        ],
    )
    def test_a_file_that_is_no_use_is_refused_whole(self, file: Path, content: bytes | None, message: str) -> None:
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        said = refusal(file)
        assert message in said
        assert "Secretname" not in said
        assert not Lead.objects.exists()

    def test_a_file_without_a_qualification_column_loads_only_where_that_is_meant(self, file: Path) -> None:
        """As Silver without phones, for ever."""
        header = [name.replace("Borrower Phone", "Borrower Phone No") for name in HEADER]
        file.write_bytes(csv_bytes(*ROWS, header=header))
        assert refusal(file) == (
            'The file has no column "Borrower Phone". "Borrower Phone No" may be meant for "Borrower Phone". Correct '
            'the header row; or, if the file is meant to be so, load it with --allow-missing "Borrower Phone".'
        )
        assert (Lead.objects.count(), list(file.parent.iterdir())) == (0, [file])
        assert "there is no column" in refusal(file, "--allow-missing", "Mood")
        answer = run_json(file, "--allow-missing", "borrower phone", "--allow-missing", "Source")
        assert (answer["loaded"], answer["silver"]) == (3, 3)
        assert (answer["missing_columns"], answer["unknown_columns"]) == (["Borrower Phone"], ["Borrower Phone No"])

    def test_missing_columns_are_told(self, file: Path) -> None:
        place = HEADER.index("City")
        file.write_bytes(csv_bytes(*([*r[:place], *r[place + 1 :]] for r in [HEADER, *ROWS]), header=None))
        out, _ = run(file)
        assert "  Missing columns: City\n" in out

    @pytest.mark.parametrize("most", ["0", "20%", " 24.9 % "])
    @pytest.mark.parametrize("dry", [[], ["--dry-run"]])
    def test_too_many_rejects_load_nothing_and_have_an_exit_code_of_their_own(
        self, file: Path, most: str, dry: list[str]
    ) -> None:
        out = StringIO()
        with pytest.raises(CommandError) as error:
            call_command("ingest_csv", str(file), "--max-rejects", most, *dry, stdout=out)
        assert error.value.returncode == 3
        verb = "would be" if dry else "was"
        said = f"Nothing {verb} loaded: 1 of 4 rows were rejected, and --max-rejects allows {most.replace(' ', '')}."
        assert str(error.value) == said
        assert out.getvalue().splitlines()[1].strip() == said
        assert (Lead.objects.count(), InventoryRecord.objects.count()) == (0, 0)
        assert file.with_name("leads.rejects.csv").exists()

    @pytest.mark.parametrize("most", ["1", "25%", "1,000", "100%"])
    def test_as_many_rejects_as_are_allowed_are_not_too_many(self, file: Path, most: str) -> None:
        assert run_json(file, "--max-rejects", most)["loaded"] == 3

    @pytest.mark.parametrize(
        "most", ["-1", "1.5", "101%", "50%%", "5%0", "1e1", "5_0", "1,00", "%", "", "half", "٥", "nan%"]
    )
    def test_a_number_of_rejects_that_is_none_is_refused(self, file: Path, most: str) -> None:
        with pytest.raises(
            CommandError, match=r"is not a number of rows, nor a percentage such as 50%|is more than all rows"
        ):
            run(file, f"--max-rejects={most}")
        assert not Lead.objects.exists()

    def test_an_encoding_is_told_and_read(self, file: Path) -> None:
        file.write_bytes(csv_bytes(*ROWS, row(first_name="José")).decode().encode("windows-1252"))
        out, _ = run(file, "--dry-run")
        assert "The rejected rows look like windows-1252: load the file with --encoding windows-1252." in out
        assert "There is no encoding" in refusal(file, "--encoding", "windoze")
        assert run_json(file, "--encoding", "windows-1252")["loaded"] == 4

    def test_what_rejects_lost_is_told_and_can_be_kept(self, file: Path) -> None:
        file.write_bytes(csv_bytes(*ROWS, row(state="XX", lender="=1+1")))
        out, _ = run(file)
        assert "1 cells of the rejects file lost what a spreadsheet takes for a formula: --raw-rejects keeps it." in out
        assert "=1+1" not in (rejects := file.with_name("leads.rejects.csv")).read_text()
        run(file, "--raw-rejects")
        assert "=1+1" in rejects.read_text()

    def test_a_database_without_tables_is_told_in_one_line(self, file: Path) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE leads RENAME TO leads_elsewhere")
        assert refusal(file) == "The database lacks tables or columns: run manage.py migrate."

    def test_what_the_database_refuses_is_told_without_the_row(self, file: Path) -> None:
        """As a constraint that came later might."""
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE leads ADD CONSTRAINT no_ada CHECK (first_name <> 'Ada')")
        said = refusal(file)
        assert "no_ada" in said
        assert "Fontenot" not in said


@contextmanager
def process(*arguments: str | Path, cwd: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The command in a process of its own, on this test's database, with pipes to it."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.leads.ingest_process", str(connection.settings_dict["NAME"]), *arguments],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "homeshield.settings", "PYTHONPATH": str(settings.BASE_DIR),
             "PYTHONUNBUFFERED": ""},
        cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def a_load_holds_its_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
class TestProcess:
    def test_standard_input_is_read_and_standard_output_holds_json_alone(self, tmp_path: Path) -> None:
        with process("-", "--json", cwd=tmp_path) as command:
            out, err = command.communicate(csv_bytes(*ROWS, BAD), timeout=PATIENCE)
        assert (command.returncode, err) == (0, b"")
        answer = json.loads(out)
        assert (answer["loaded"], answer["rejects_file"]) == (3, "stdin.rejects.csv")
        assert Lead.objects.count() == 3

    def test_a_refusal_is_one_line_and_exit_code_2(self, tmp_path: Path) -> None:
        with process("absent.csv", "--json", cwd=tmp_path) as command:
            out, err = command.communicate(timeout=PATIENCE)
        assert (command.returncode, out) == (2, b"")
        assert err == b"CommandError: Cannot read absent.csv: No such file or directory.\n"

    @pytest.mark.parametrize(
        ("how", "code", "lines"), [(signal.SIGINT, 130, 1), (signal.SIGTERM, 130, 1), (signal.SIGKILL, -9, 0)]
    )
    def test_an_interrupted_load_leaves_nothing_and_a_repeat_does_it(
        self, tmp_path: Path, how: signal.Signals, code: int, lines: int
    ) -> None:
        with process("-", "--rejects", "r.csv", cwd=tmp_path) as command:
            assert command.stdin is not None
            assert command.stderr is not None
            command.stdin.write(csv_bytes(*ROWS, BAD))
            command.stdin.flush()  # and more might come
            wait_until(a_load_holds_its_lock)
            partial = tmp_path / f".r.csv.{command.pid}"
            wait_until(partial.exists)
            command.send_signal(how)
            assert command.wait(timeout=PATIENCE) == code
            assert command.stderr.read().count(b"\n") == lines
        assert not Lead.objects.exists()
        assert list(tmp_path.iterdir()) == ([partial] if how is signal.SIGKILL else [])
        with process("-", "--rejects", "r.csv", "--json", cwd=tmp_path) as command:
            out, _ = command.communicate(csv_bytes(*ROWS, BAD), timeout=PATIENCE)
        assert json.loads(out)["loaded"] == Lead.objects.count() == 3
        assert list(tmp_path.iterdir()) == [tmp_path / "r.csv"]

    def test_a_load_is_told_before_room_is_given_back_and_whether_or_not_it_is(self, file: Path) -> None:
        def hold() -> None:
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE inventory_count_changes IN SHARE UPDATE EXCLUSIVE MODE")  # as VACUUM does

        with rival(hold), process(file.name, "--json", cwd=file.parent) as command:
            assert command.stdout is not None
            wait_until(lambda: bool(vacuuming("pid")))
            assert select.select([command.stdout], [], [], 0)[0]
            assert vacuuming("pg_cancel_backend(pid)") == [True]
            out, err = command.communicate(timeout=PATIENCE)
        assert (command.returncode, err) == (0, b"")
        assert json.loads(out)["loaded"] == Lead.objects.count() == 3


def vacuuming(what: str) -> list[Any]:
    """Something of each session that gives back the room of the counts' changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'VACUUM inv%' "
            "AND wait_event_type = 'Lock'"
        )
        return [row[0] for row in cursor.fetchall()]
