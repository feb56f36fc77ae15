"""Contract, "Load": every processed file is a row that stays, and its leads name it."""

import gzip
import hashlib
import io
import json
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from leads.contact_keys import key_of, key_of_digits
from leads.ingestion import IngestOptions, IngestRefused, MaxRejects, ingest
from leads.loads.models import Load, LoadOutcome
from leads.models import Lead
from leads.opt_outs.models import OptOut, OptOutKind, OptOutState
from tests.factories import LoadFactory
from tests.leads.ingestion.csv_files import HEADER, csv_bytes, row
from tests.leads.ingestion.loads import ALL_MAY_BE_REJECTED, CountOnly

pytestmark = pytest.mark.django_db

ROWS = [row(mortgage_id=str(n), source="" if n == 2 else "CALL") for n in range(4)]
BAD = row(state="XX", last_name="Secretname")
CONTENT = csv_bytes(
    *([*cells, "x"] for cells in (*ROWS, ROWS[0], BAD, row(county="Nowhere"))), header=[*HEADER, "Mood"]
)
OPTIONS = IngestOptions(max_rejects=ALL_MAY_BE_REJECTED)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_bytes(CONTENT)
    return path


def load(source: Path | io.BytesIO, as_of: datetime, tmp_path: Path, **options: Any) -> Load:
    report = ingest(
        source=source, as_of=as_of, records=CountOnly, rejects_path=tmp_path / "rejects.csv",
        options=replace(OPTIONS, **options),
    )  # fmt: skip
    assert report.load is not None
    return Load.objects.get(id=report.load)


def test_a_load_keeps_what_became_of_its_file(file: Path, tmp_path: Path, now: datetime) -> None:
    kept = load(file, now, tmp_path, supplier="ACME")
    assert Load.objects.values(
        "file_name", "sha256", "supplier", "loaded_at_utc", "outcome", "rows", "loaded", "duplicates", "rejected",
        "opted_out", "gold", "silver", "without_phone", "reject_reasons", "missing_columns", "unknown_columns",
        "unmatched_leads", "unmatched_counties",
    ).get() == {
        "file_name": "leads.csv", "sha256": hashlib.sha256(CONTENT).hexdigest(), "supplier": "ACME",
        "loaded_at_utc": now, "outcome": LoadOutcome.LOADED, "rows": 7, "loaded": 5, "duplicates": 1, "rejected": 1,
        "opted_out": 0, "gold": 4, "silver": 1, "without_phone": 0,
        "reject_reasons": {"State is not a US state, district, territory or military code": 1},
        "missing_columns": [], "unknown_columns": ["Mood"], "unmatched_leads": 1,
        "unmatched_counties": [{"state": "LA", "county": "Nowhere", "leads": 1}],
    }  # fmt: skip
    assert kept.loaded_by.startswith("os:")
    assert {lead.load_id for lead in Lead.objects.all()} == {kept.id}
    event = AuditEvent.objects.get(action=AuditAction.INGEST)
    assert (event.details["load"], event.details["supplier"]) == (kept.id, "ACME")
    assert "Secretname" not in json.dumps(list(Load.objects.values()), default=str)


def test_a_lead_has_the_keys_of_its_two_numbers(tmp_path: Path, now: datetime) -> None:
    numbers = [
        ("3181000101", "318-100-0102"),
        ("3181000103", "+1 (318) 100-0103"),
        ("", "3181000104"),
        ("none", "8001"),
    ]
    rows = [row(mortgage_id=str(n), borrower_phone=a, call_in_phone_number=b) for n, (a, b) in enumerate(numbers)]
    kept = load(io.BytesIO(csv_bytes(*rows)), now, tmp_path)
    leads = Lead.objects.order_by("mortgage_id").values_list("phone_key", "call_in_key")
    assert list(leads) == [
        (key_of("3181000101"), key_of("3181000102")), (key_of("3181000103"), None), (None, key_of("3181000104")),
        (None, None),
    ]  # fmt: skip
    assert kept.without_phone == 1


@pytest.mark.parametrize("packed", [False, True])
def test_the_digest_is_that_of_the_bytes_as_they_lie_there(packed: bool, tmp_path: Path, now: datetime) -> None:
    content = gzip.compress(CONTENT) if packed else CONTENT
    path = tmp_path / ("leads.csv.gz" if packed else "leads.csv")
    path.write_bytes(content)
    assert load(path, now, tmp_path).sha256 == hashlib.sha256(content).hexdigest()


def test_standard_input_has_a_digest_and_no_name(tmp_path: Path, now: datetime) -> None:
    kept = load(io.BytesIO(CONTENT), now, tmp_path)
    assert (kept.file_name, kept.sha256) == ("", hashlib.sha256(CONTENT).hexdigest())


def test_a_file_with_nothing_new_is_a_load_as_well(file: Path, tmp_path: Path, now: datetime) -> None:
    first = load(file, now, tmp_path)
    again = load(file, now, tmp_path)
    assert (again.outcome, again.loaded, again.duplicates) == (LoadOutcome.NOTHING_NEW, 0, 6)
    assert {lead.load_id for lead in Lead.objects.all()} == {first.id}


def test_a_file_of_which_nothing_was_loaded_leaves_no_load(file: Path, tmp_path: Path, now: datetime) -> None:
    none = IngestOptions(max_rejects=MaxRejects(ALL_MAY_BE_REJECTED.value * 0, is_percentage=False))
    report = ingest(source=file, as_of=now, records=CountOnly, rejects_path=tmp_path / "r.csv", options=none)
    assert (report.too_many_rejected, report.load) == (True, None)
    (tmp_path / "bad.csv").write_bytes(csv_bytes(header=["State", "Call In Date"]))
    with pytest.raises(IngestRefused):
        ingest(source=tmp_path / "bad.csv", as_of=now, records=CountOnly, rejects_path=tmp_path / "r.csv")
    rehearsed = ingest(
        source=file, as_of=now, records=CountOnly, rejects_path=tmp_path / "r.csv", options=OPTIONS, dry_run=True
    )
    assert (rehearsed.loaded, rehearsed.load, rehearsed.sha256) == (5, None, hashlib.sha256(CONTENT).hexdigest())
    assert (Load.objects.count(), Lead.objects.count()) == (0, 0)
    outcomes = AuditEvent.objects.filter(action=AuditAction.INGEST).order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == ["refused", "refused"]


def test_who_opted_out_is_not_loaded_counted_apart_and_not_in_the_rejects(tmp_path: Path, now: datetime) -> None:
    for number, state in (("3181000201", OptOutState.IN_FORCE), ("3181000203", OptOutState.WAITING)):
        OptOut.objects.create(
            key=key_of_digits(number), kind=OptOutKind.STAFF, state=state, received_at_utc=now, due_on=now.date(),
            done_at_utc=now if state == OptOutState.IN_FORCE else None,
        )  # fmt: skip
    numbers = [("3181000201", ""), ("3181000202", "1-318-100-0201"), ("3181000203", ""), ("3181000202", "")]
    rows = [row(mortgage_id=str(n), borrower_phone=a, call_in_phone_number=b) for n, (a, b) in enumerate(numbers)]
    file = io.BytesIO(csv_bytes(*rows, rows[0], rows[2], BAD))
    kept = load(file, now, tmp_path)
    assert (kept.rows, kept.loaded, kept.opted_out, kept.duplicates, kept.rejected) == (7, 2, 3, 1, 1)
    assert set(Lead.objects.values_list("mortgage_id", flat=True)) == {"2", "3"}
    assert "318100020" not in (tmp_path / "rejects.csv").read_text()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE loads SET supplier = 'OTHER'", "UPDATE loads SET rows = rows", "DELETE FROM loads"],
)
def test_a_load_stays_as_it_is(statement: str, now: datetime) -> None:
    LoadFactory(supplier="ACME", loaded_at_utc=now)
    before = Load.objects.values().get()
    with pytest.raises(DatabaseError, match=r"Cannot (update|delete)"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Load.objects.values().get() == before


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"supplier": "acme"}, "load_supplier_is_a_code"),
        ({"supplier": "-ACME"}, "load_supplier_is_a_code"),
        ({"sha256": ""}, "load_has_a_digest"),
        ({"rows": 2}, "load_rows_add_up"),
        ({"gold": 1, "silver": 1}, "load_classes_add_up"),
        ({"loaded": 0}, "load_outcome_is_true"),
        ({"outcome": LoadOutcome.NOTHING_NEW}, "load_outcome_is_true"),
    ],
)
def test_the_database_knows_what_a_load_is(facts: dict[str, Any], constraint: str, now: datetime) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        LoadFactory(loaded_at_utc=now, **facts)
    assert not Load.objects.exists()


class TestCommands:
    def run(self, *arguments: str | int | Path) -> str:
        out = StringIO()
        call_command(*map(str, arguments), stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_a_load_names_its_supplier_and_the_same_file_is_told(self, file: Path) -> None:
        first = self.run("ingest_csv", file, "--supplier", " acme-2 ")
        kept = Load.objects.get()
        assert kept.supplier == "ACME-2"
        assert f"This is load {kept.id}, of supplier ACME-2." in first
        assert "same file" not in first
        again = self.run("ingest_csv", file)
        told = f"The same file was loaded before: load {kept.id} of {kept.loaded_at_utc:%Y-%m-%d %H:%M} UTC."
        assert told in again
        assert told in self.run("ingest_csv", file, "--dry-run").replace(f"load {kept.id + 1} of", f"load {kept.id} of")
        answer = json.loads(self.run("ingest_csv", file, "--json"))
        assert (answer["same_file_as"], answer["supplier"]) == (kept.id + 1, None)

    @pytest.mark.parametrize("code", ["", "-", "A B", "ACMÉ", "SEVENTEEN-LETTERS", "_A"])
    def test_what_is_no_code_is_refused(self, file: Path, code: str) -> None:
        with pytest.raises(CommandError, match="is not a supplier's code"):
            self.run("ingest_csv", file, f"--supplier={code}")
        assert not Load.objects.exists()

    def test_loads_are_listed_newest_first(self, now: datetime) -> None:
        assert "Nothing was loaded yet." in self.run("loads")
        first, second, other = (LoadFactory(loaded_at_utc=now, supplier=code) for code in ("ACME", "ACME", "BOLT"))
        listed = json.loads(self.run("loads", "--json"))["loads"]
        assert [one["load"] for one in listed] == [other.id, second.id, first.id]
        assert [one["load"] for one in json.loads(self.run("loads", "--last", "1", "--json"))["loads"]] == [other.id]
        of_acme = json.loads(self.run("loads", "--supplier", "acme", "--json"))["loads"]
        assert [one["load"] for one in of_acme] == [second.id, first.id]
        assert "BOLT" in self.run("loads")

    def test_one_load_is_shown_in_full(self, file: Path) -> None:
        self.run("ingest_csv", file)
        kept = Load.objects.get()
        text = self.run("loads", kept.id)
        for part in (
            f"Load {kept.id}: leads.csv", kept.sha256,
            "5  leads loaded: 4 Gold, 1 Silver", "Unknown columns, ignored: Mood",
            "1 × State is not a US state, district, territory or military code", "1 × Nowhere, LA", "80% Gold",
        ):  # fmt: skip
            assert part in text
        answer = json.loads(self.run("loads", kept.id, "--json"))
        assert (answer["load"], answer["loaded"], answer["unknown_columns"]) == (kept.id, 5, ["Mood"])
        assert answer["shares"][0] == {"of": "gold", "share": 0.8, "usual": None, "far": False}

    def test_a_load_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(CommandError, match="There is no load 7"):
            self.run("loads", "7")
