"""csv-format: duplicates, dry runs; and that a file is loaded whole or not at all, once."""

import gzip
import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import InternalError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.classification import Classification
from leads.ingestion import IngestRefused, IngestReport, Progress, ingest, loading
from leads.models import Lead
from tests.factories import LeadFactory
from tests.leads.ingestion.csv_files import GOLD, HEADER, csv_bytes, row
from tests.leads.ingestion.loads import AS_OF, CountOnly, load, outcome, rows

TEXTS = ("full_name", "address", "city", "lender", "agent_id")
cells = st.text(
    st.one_of(
        st.sampled_from('\\|\t\r\n"., N\N{NO-BREAK SPACE}'), st.characters(codec="utf-8", exclude_characters="\0")
    ),
    max_size=10,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


@pytest.mark.django_db
class TestLoading:
    def test_a_row_becomes_a_lead(self, file: Path) -> None:
        file.write_bytes(csv_bytes(row(county="caddo parish", source=" ")))
        report = load(file)
        lead = Lead.objects.get()
        assert outcome(report) == (1, 1, 0, 0)
        assert (report.gold, report.silver, report.inventory_created) == (0, 1, 1)
        assert (lead.created_at_utc, lead.classification) == (
            datetime(2026, 1, 15, 18, tzinfo=UTC),
            Classification.SILVER,
        )
        assert (lead.county, lead.source, lead.mortgage_id) == ("Caddo", None, "00041")
        assert (lead.full_name, lead.mortgage_amount) == (GOLD["Full Name"], "$132,550")

    def test_texts_of_every_kind_arrive_unharmed(self, file: Path) -> None:
        odd = 'José \\N \\. “x”\ttab, "quote" \\\nsecond line 🏠'
        file.write_bytes(csv_bytes(row(address=odd, first_name="\\N", city="\\.")))
        load(file)
        lead = Lead.objects.get()
        assert (lead.address, lead.first_name, lead.city) == (odd, "\\N", "\\.")

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.fixed_dictionaries(dict.fromkeys(TEXTS, cells)))
    def test_whatever_texts_a_row_holds_they_arrive_trimmed(self, file: Path, texts: dict[str, str]) -> None:
        file.write_bytes(csv_bytes(row(mortgage_id=(own := str(uuid4())), **texts)))
        assert outcome(load(file)) == (1, 1, 0, 0)
        lead = Lead.objects.get(mortgage_id=own)
        assert {name: getattr(lead, name) for name in texts} == {
            name: (" ".join(text.split()) if name == "city" else text.strip()) or None for name, text in texts.items()
        }

    def test_a_packed_file_and_a_stream_load_like_a_plain_file(self, tmp_path: Path) -> None:
        packed = tmp_path / "leads.csv.gz"
        packed.write_bytes(gzip.compress(csv_bytes(*rows(3), ["broken"])))
        report = load(packed)
        assert outcome(report) == (4, 3, 0, 1)
        assert report.rejects_file == tmp_path / "leads.rejects.csv"
        assert outcome(load(csv_bytes(*rows(5)), rejects_path=tmp_path / "r.csv")) == (5, 2, 3, 0)

    def test_loading_a_file_twice_changes_nothing(self, file: Path) -> None:
        file.write_bytes(csv_bytes(*rows(3)))
        load(file)
        before = list(Lead.objects.order_by("id").values())
        assert outcome(load(file)) == (3, 0, 3, 0)
        assert list(Lead.objects.order_by("id").values()) == before

    def test_of_duplicates_within_a_file_the_first_is_loaded(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Within a batch as well as over several."""
        monkeypatch.setattr(loading, "BATCH", 2)
        names = ["Ada", "Beau", "Cleo", "Dale", "Edith"]
        file.write_bytes(csv_bytes(*(row(first_name=name) for name in names)))
        assert outcome(load(file)) == (5, 1, 4, 0)
        assert Lead.objects.get().first_name == "Ada"

    def test_rows_without_a_mortgage_id_are_duplicates_when_all_cells_agree(self, file: Path) -> None:
        anonymous = [row(mortgage_id="", first_name=name) for name in ("Ada", "Beau", "Ada")]
        file.write_bytes(csv_bytes(*anonymous))
        assert outcome(load(file)) == (3, 2, 1, 0)

    def test_unknown_columns_and_unmatched_counties_are_reported(self, file: Path) -> None:
        data = [
            [*row(county=county, mortgage_id=str(n)), "x"] for n, county in enumerate(["Nowhere", "Caddo", "Nowhere"])
        ]
        file.write_bytes(csv_bytes(*data, header=[*HEADER, " Mood "]))
        report = load(file)
        assert report.unknown_columns == ("Mood",)
        assert report.unmatched_counties == {("LA", "Nowhere"): 2}
        assert report.as_json()["unmatched_counties"] == [{"state": "LA", "county": "Nowhere", "leads": 2}]
        assert Lead.objects.filter(county="Nowhere").count() == 2

    def test_a_report_names_only_so_many_counties_but_counts_all(self) -> None:
        report = IngestReport()
        for n in range(1_500):
            report.note_unmatched("LA", f"Place {n}")
        assert (len(report.unmatched_counties), report.unmatched_leads) == (1_000, 1_500)

    def test_progress_tells_rows_and_bytes(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loading, "BATCH", 2)
        file.write_bytes(csv_bytes(*rows(5)))
        seen: list[Progress] = []
        ingest(source=file, as_of=AS_OF, records=CountOnly, progress=seen.append)
        assert [progress.rows for progress in seen] == [2, 4, 5]
        size = file.stat().st_size
        assert {(progress.bytes_total, progress.bytes_read <= size) for progress in seen} == {(size, True)}


@pytest.mark.django_db
class TestDryRun:
    def test_a_dry_run_reports_what_a_load_would_do_and_changes_nothing(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loading, "BATCH", 2)
        file.write_bytes(csv_bytes(*rows(2)))
        load(file)
        before = list(Lead.objects.order_by("id").values())
        young = row(call_in_date="05-31-2026 12:00:00")
        file.write_bytes(csv_bytes(*rows(5), *rows(3), young, ["broken"], row(state="PR", mortgage_id="9")))
        rehearsed = load(file, dry_run=True)
        assert outcome(rehearsed) == (11, 5, 5, 1)
        assert rehearsed.inventory_created == 4
        assert rehearsed.rejects_file is not None
        assert list(Lead.objects.order_by("id").values()) == before
        loaded = load(file)
        same = ("rows", "loaded", "duplicates", "rejected", "gold", "silver", "unmatched_counties", "reject_reasons")
        assert [loaded.as_json()[name] for name in same] == [rehearsed.as_json()[name] for name in same]

    def test_the_database_itself_refuses_writing_in_a_dry_run(self, file: Path) -> None:
        file.write_bytes(csv_bytes(*rows(1)))

        def write(_: Progress) -> None:
            LeadFactory.create(as_of=AS_OF)

        with pytest.raises(InternalError, match="read-only"):
            ingest(source=file, as_of=AS_OF, records=CountOnly, dry_run=True, progress=write)


@pytest.mark.django_db
class TestAllOrNothing:
    def test_what_goes_wrong_in_the_middle_leaves_nothing(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loading, "BATCH", 2)
        file.write_bytes(csv_bytes(["broken"], *rows(5)))

        def interrupt(progress: Progress) -> None:
            if progress.rows >= 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ingest(source=file, as_of=AS_OF, records=CountOnly, progress=interrupt)
        assert not Lead.objects.exists()
        assert list(file.parent.iterdir()) == [file]
        assert outcome(load(file)) == (6, 5, 0, 1)

    def test_a_packed_file_that_breaks_off_is_refused_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loading, "BATCH", 100)
        packed = tmp_path / "leads.csv.gz"
        packed.write_bytes(gzip.compress(csv_bytes(*rows(5_000)))[:-2_000])
        with pytest.raises(IngestRefused, match=r"Cannot read /.*/leads\.csv\.gz"):
            load(packed)
        assert not Lead.objects.exists()

    @pytest.mark.parametrize("name", ["absent.csv", ""])
    def test_a_file_that_cannot_be_opened_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(IngestRefused, match="Cannot read"):
            load(tmp_path / name)

    def test_a_packed_file_without_its_ending_is_told(self, file: Path) -> None:
        file.write_bytes(gzip.compress(csv_bytes(row())))
        with pytest.raises(IngestRefused, match=r"is compressed with gzip. Give it a name that ends in \.gz"):
            load(file)

    def test_a_file_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "leads.csv.gz"
        file.write_bytes(csv_bytes(row()))
        with pytest.raises(IngestRefused, match=r"Cannot read /.*/leads\.csv\.gz: Not a gzipped file"):
            load(file)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_two_loads_of_one_file_load_it_once(self, tmp_path: Path) -> None:
        """The second waits for the first, and then finds its leads."""
        data = csv_bytes(*rows(50))
        reports: list[IngestReport] = []
        first_is_in, second_waits = threading.Event(), threading.Event()

        def first(progress: Progress) -> None:
            first_is_in.set()
            assert second_waits.wait(10)

        def second(progress: Progress) -> None:
            if progress.waiting:
                second_waits.set()

        def run(progress: Callable[[Progress], None], name: str) -> None:
            try:
                reports.append(
                    ingest(
                        source=io.BytesIO(data),
                        as_of=AS_OF,
                        records=CountOnly,
                        progress=progress,
                        rejects_path=tmp_path / name,
                    )
                )
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(first, "1")), threading.Thread(target=run, args=(second, "2"))]
        threads[0].start()
        assert first_is_in.wait(10)
        threads[1].start()
        for thread in threads:
            thread.join(20)
        assert [outcome(report) for report in reports] == [(50, 50, 0, 0), (50, 0, 50, 0)]
        assert Lead.objects.count() == 50
