"""Contract, "Opt-out": lists of opt-outs, and the answer to DROP."""

from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from homeshield.accounts.models import Client
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from inventory.counting.compaction import counts_compare
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord
from inventory.withholding.models import Withdrawal
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_key_check import ContactKeyChanged, ContactKeyCheck, contact_key_confirm
from leads.contact_keys import key_of
from leads.models import Lead, OptOut, OptOutList
from leads.opt_outs.models import OptOutKind, OptOutState
from sales.models import Notice
from sales.privacy import list_import
from sales.privacy.deadlines import deadlines
from sales.privacy.services import opt_out, opt_out_decide, opt_out_request
from tests.factories import UserFactory, stock
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


def drop_hash(number: str) -> str:
    return b64encode(sha256(number.encode()).digest()).decode()


def drop_file(folder: Path, *numbers: str) -> Path:
    """A list of DROP whose ids are `id0000000000` and so on."""
    path = folder / "20261101_4821_Phone.csv"
    path.write_text("ID,Hash\n" + "".join(f"id{n:010},{drop_hash(number)}\n" for n, number in enumerate(numbers)))
    return path


def imported(path: Path, kind: str, response: Path | None = None) -> str:
    out = StringIO()
    call_command("opt_out_import", path, kind=kind, response=response, stdout=out)
    return out.getvalue()


def answer(path: Path) -> dict[str, str]:
    header, *rows = path.read_text().splitlines()
    assert header == "Id,Status"
    return dict(row.split(",") for row in rows)


@pytest.fixture
def buyer(now: datetime) -> Client:
    client: Client = UserFactory().client
    set_prices(since=now - timedelta(days=1))
    return client


def make_common(key: UUID | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO common_keys (key) VALUES (%s) ON CONFLICT DO NOTHING", [key])


def test_a_list_of_drop_is_deleted_and_answered(tmp_path: Path, buyer: Client, now: datetime) -> None:
    stock(3, as_of=now)
    sold = buy(buyer, 1, GOLD, as_of=now).sales.get().lead
    unsold = Lead.objects.exclude(id=sold.id).first()
    assert unsold is not None
    asked = [str(sold.borrower_phone), str(unsold.borrower_phone), "4155559317"]
    said = imported(drop_file(tmp_path, *asked), "drop", tmp_path / "answer.csv")
    assert answer(tmp_path / "answer.csv") == {"id0000000000": "3", "id0000000001": "3", "id0000000002": "5"}
    assert "3 opt-outs, 3 of them new." in said
    assert "2 leads withdrawn, 2 erased. 1 clients told of 1 sales." in said
    assert set(Lead.objects.exclude(erased_at_utc=None).values_list("id", flat=True)) == {sold.id, unsold.id}
    assert InventoryRecord.objects.sellable(now).count() == 1
    assert counts_compare() == []
    notice = Notice.objects.get()
    assert (notice.client_id, notice.sale.lead_id, notice.asks) == (buyer.id, sold.id, "delete")
    assert set(OptOut.objects.values_list("state", "wants_erasure")) == {("in_force", True)}
    one = OptOutList.objects.get()
    assert (one.entries, one.leads, one.waiting, one.invalid) == (3, 2, 0, 0)
    assert (one.due_on - one.received_at_utc.date()).days == 45
    assert one.done_at_utc is not None
    assert AuditEvent.objects.filter(action=AuditAction.OPT_OUT_LIST).count() == 1


def test_a_second_run_changes_nothing_and_answers_the_same(tmp_path: Path, buyer: Client, now: datetime) -> None:
    (record,) = stock(1, as_of=now)
    path = drop_file(tmp_path, str(record.lead.borrower_phone), "4155559317")
    imported(path, "drop", tmp_path / "first.csv")
    before = list(OptOut.objects.order_by("id").values())
    assert "2 opt-outs, 0 of them new." in imported(path, "drop", tmp_path / "second.csv")
    assert list(OptOut.objects.order_by("id").values()) == before
    assert Withdrawal.objects.count() == 1
    assert (tmp_path / "second.csv").read_text() == (tmp_path / "first.csv").read_text()


@pytest.mark.parametrize(("accept", "status"), [(True, "4"), (False, "2")])
def test_a_number_of_several_people_waits_for_staff(
    tmp_path: Path, buyer: Client, now: datetime, accept: bool, status: str
) -> None:
    records = stock(6, as_of=now, borrower_phone="3181000777")
    make_common(key_of("3181000777"))
    path = drop_file(tmp_path, "3181000777")
    said = imported(path, "drop", tmp_path / "answer.csv")
    assert "1 wait for staff" in said
    assert "leaves out 1" in said
    assert answer(tmp_path / "answer.csv") == {}
    assert InventoryRecord.objects.sellable(now).count() == len(records)

    opt_out_decide(opt_out_id=OptOut.objects.get().id, accept=accept, by_id=None, as_of=now)
    imported(path, "drop", tmp_path / "answer.csv")
    assert answer(tmp_path / "answer.csv") == {"id0000000000": status}
    assert InventoryRecord.objects.sellable(now).count() == (0 if accept else len(records))
    assert not Lead.objects.exclude(erased_at_utc=None).exists()  # several people share the number


@pytest.mark.parametrize("kind", ["dnc", "litigator", "list"])
def test_other_lists_stop_the_sale_and_erase_nothing(tmp_path: Path, buyer: Client, now: datetime, kind: str) -> None:
    lead = stock(1, as_of=now)[0].lead
    number = str(lead.borrower_phone)
    path = tmp_path / "numbers.csv"
    path.write_text(f"phone\n({number[:3]}) {number[3:]}\nnothing\n415,5559317\n")
    said = imported(path, kind)
    assert "2 opt-outs" in said
    assert "1 lines hold no number and no digest: 3." in said
    assert not InventoryRecord.objects.sellable(now).exists()
    lead.refresh_from_db()
    assert lead.borrower_phone is not None
    assert set(OptOut.objects.values_list("kind", "wants_erasure")) == {(kind, False)}


def test_pieces_add_up(tmp_path: Path, buyer: Client, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_import, "PIECE", 2)
    leads = [record.lead for record in stock(5, as_of=now)]
    numbers = [str(lead.borrower_phone) for lead in leads]
    imported(drop_file(tmp_path, *numbers, numbers[0]), "drop", tmp_path / "answer.csv")
    assert set(answer(tmp_path / "answer.csv").values()) == {"3"}
    assert len(answer(tmp_path / "answer.csv")) == 6
    assert OptOut.objects.count() == 5
    assert Lead.objects.filter(erased_at_utc=None).count() == 0


def test_a_file_of_another_kind_changes_nothing(tmp_path: Path, buyer: Client, now: datetime) -> None:
    path = tmp_path / "names.csv"
    path.write_text("name\nAda Fontenot\nHugo Fontenot\n")
    for kind in ("drop", "list"):
        with pytest.raises(CommandError, match=r"No line at the beginning of names\.csv holds"):
            imported(path, kind, tmp_path / "answer.csv" if kind == "drop" else None)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        imported(tmp_path / "absent.csv", "drop")
    with pytest.raises(CommandError, match="no other list is answered"):
        imported(path, "dnc", tmp_path / "answer.csv")
    assert not OptOutList.objects.exists()
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_list_of_drop_is_done(tmp_path: Path, buyer: Client) -> None:
    imported(drop_file(tmp_path), "drop", tmp_path / "answer.csv")
    assert answer(tmp_path / "answer.csv") == {}
    assert OptOutList.objects.get().done_at_utc is not None


def test_what_staff_declined_stays_declined(tmp_path: Path, buyer: Client, now: datetime) -> None:
    stock(6, as_of=now, borrower_phone="3181000777")
    make_common(key_of("3181000777"))
    path = drop_file(tmp_path, "3181000777")
    imported(path, "drop")
    opt_out_decide(opt_out_id=OptOut.objects.get().id, accept=False, by_id=None, as_of=now)
    imported(path, "drop")
    assert OptOut.objects.get().state == OptOutState.DECLINED


def test_a_piece_asks_the_register_by_its_indexes(as_of: datetime) -> None:
    """Once it read the whole register for each of a million keys."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + list_import._KNOWN, {"keys": [UUID(int=1)], "kind": "drop", "list": UUID(int=1)})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert {"opt_out_once_per_key_and_kind", "opt_out_declined"} <= set(plan.split())


def test_a_list_that_broke_off_is_taken_up_again(
    tmp_path: Path, buyer: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_import, "PIECE", 1)
    leads = [record.lead for record in stock(2, as_of=now)]
    path = drop_file(tmp_path, *(str(lead.borrower_phone) for lead in leads))

    def broken(report: list_import.ListReport) -> None:
        raise KeyboardInterrupt

    came = now - timedelta(days=40)
    with pytest.raises(KeyboardInterrupt):
        list_import.opt_out_list_import(path=path, kind=OptOutKind.DROP, as_of=came, progress=broken, answer=None)
    (due,) = OptOutList.objects.values_list("due_on", flat=True)
    assert deadlines(as_of=now).lists == [OptOutList.objects.get()]
    imported(path, "drop")
    one = OptOutList.objects.get()
    assert (one.received_at_utc, one.due_on, one.entries, one.leads) == (came, due, 2, 2)
    assert deadlines(as_of=now).lists == []
    assert set(OptOut.objects.values_list("due_on", flat=True)) == {due}


def test_a_finished_list_keeps_its_row_and_its_day(tmp_path: Path, buyer: Client, now: datetime) -> None:
    stock(1, as_of=now, borrower_phone="3181550101")
    path = drop_file(tmp_path, "3181550101", "3181550102")
    for as_of in (now - timedelta(days=40), now):
        list_import.opt_out_list_import(
            path=path, kind=OptOutKind.DROP, as_of=as_of, progress=lambda report: None, answer=None
        )
    one = OptOutList.objects.get()
    assert (one.received_at_utc, one.done_at_utc) == (now - timedelta(days=40), now - timedelta(days=40))
    assert (one.entries, one.known, one.leads) == (2, 0, 1)
    assert deadlines(as_of=now).drop_days == 5
    fetched_anew = path.rename(tmp_path / "20261216_4821_Phone.csv")
    imported(fetched_anew, "drop")
    assert OptOutList.objects.count() == 2
    assert deadlines(as_of=now).drop_days == 45


def test_two_columns_of_numbers_are_refused(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("3181550102,3181550101\n")
    with pytest.raises(CommandError, match="Name the right one `phone`"):
        imported(path, "list")
    assert not OptOutList.objects.exists()


def test_another_contact_key_opts_nobody_out(tmp_path: Path, now: datetime, settings: Settings) -> None:
    contact_key_confirm()
    settings.CONTACT_KEY = "another-contact-key-" * 3
    key = key_of("3181550101")
    assert key
    with pytest.raises(CommandError, match="CONTACT_KEY is not the one"):
        imported(drop_file(tmp_path, "3181550101"), "drop")
    with pytest.raises(ContactKeyChanged):
        opt_out_request(key=key, wants_erasure=False, needs_code=False, as_of=now)
    with pytest.raises(ContactKeyChanged):
        opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=False, as_of=now)
    assert not OptOut.objects.exists()
    assert not OptOutList.objects.exists()


def test_the_first_opt_out_notes_the_contact_key(now: datetime) -> None:
    ContactKeyCheck.objects.all().delete()
    opt_out_request(key=UUID(int=1), wants_erasure=False, needs_code=False, as_of=now)
    assert ContactKeyCheck.objects.count() == 1
