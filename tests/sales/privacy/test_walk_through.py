"""Contract, "Opt-out": one person's way through all of it."""

import csv
import io
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from exports.services import export_start_order, export_stream
from homeshield.accounts.models import Client
from homeshield.audit.models import AuditEvent
from homeshield.audit.sealing import audit_seal
from homeshield.audit.verification import audit_verify
from homeshield.lib.personal_data import About, fields_about
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compare
from inventory.counting.reading import available_count
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_keys import key_of
from leads.ingestion import IngestReport, ingest
from leads.models import Lead, OptOut
from leads.opt_outs.models import OptOutKind, OptOutState
from pricing.quotes import quote_create
from sales.certificates.document import certificate
from sales.models import Notice, Order, Sale
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place
from sales.privacy.notices import notice_confirm
from sales.privacy.services import opt_out
from tests.factories import ClientFactory, UserFactory
from tests.homeshield.worker import tasks_run
from tests.inventory.suppression.lists import listed
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.sales.purchases import at, buy, end_of_load, set_prices

pytestmark = pytest.mark.django_db

PHONE = "3181000102"
GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GOLD_9 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_9_TO_11)


def load(*, mortgage_id: str, called: datetime, as_of: datetime) -> IngestReport:
    call = f"{called:%m-%d-%Y %H:%M:%S}"
    line = row(**{"mortgage_id": mortgage_id, "call_in_date": call, "borrower_phone": PHONE})
    report = ingest(source=io.BytesIO(csv_bytes(line)), as_of=as_of, records=FirstRecords)
    end_of_load()
    return report


def load_again(mortgage_id: str, *, as_of: datetime) -> tuple[int, int, int]:
    """A later call of the person, or the first one again. What became of it: loaded, opted out, rejected."""
    days = 365 if mortgage_id == "7001" else 190
    report = load(mortgage_id=mortgage_id, called=as_of - timedelta(days=days), as_of=as_of)
    return report.loaded, report.opted_out, report.rejected


def exported(order: Order, as_of: datetime) -> list[dict[str, str]]:
    export = export_start_order(client_id=order.client_id, user=None, order_id=order.id, as_of=as_of)
    return list(csv.DictReader(io.StringIO(b"".join(export_stream(export)).decode())))


def company() -> Client:
    client: Client = UserFactory().client
    return client


def test_one_person_is_loaded_sold_opted_out_told_refused_and_erased(as_of: datetime) -> None:
    set_prices(since=as_of - timedelta(days=400))
    first, second, third = company(), company(), ClientFactory()

    # Loaded, and sold to two clients in two buckets.
    then = as_of - timedelta(days=90)
    assert load(mortgage_id="7001", called=as_of - timedelta(days=275), as_of=then).loaded == 1
    orders = [buy(first, 1, GOLD_6, as_of=then)]
    inventory_generate(as_of=as_of - timedelta(days=1), now=as_of)
    orders.append(buy(second, 1, GOLD_9, as_of=as_of - timedelta(days=1)))
    lead = Lead.objects.get()

    # In the next bucket it is on sale once more, and quoted.
    later = as_of + timedelta(days=90)
    inventory_generate(as_of=later, now=later)
    record = InventoryRecord.objects.sellable(later).get()
    quote = quote_create(buyer=Buyer(third.id), inventory_ids=[record.id], as_of=later).quote
    certificates = [certificate(order, as_of=later) for order in orders]

    # Opted out: nothing is on sale, and the quote is worth nothing.
    key = key_of(PHONE)
    assert key is not None
    one = opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=later)
    assert (one.state, one.leads) == (OptOutState.IN_FORCE, 1)
    assert not InventoryRecord.objects.sellable(later).exists()
    assert counts_compare() == []
    with pytest.raises(Shortage):
        at(later, order_place, client_id=third.id, user_id=None, basket=NamedBasket([record.id], quote.id), key="q")
    assert Sale.objects.count() == 2

    # Loaded again under another id: refused, whatever else it says.
    assert load_again("7002", as_of=later) == (0, 1, 0)

    # Both buyers are told, on their pages and by mail, and confirm.
    told = {notice.client_id: notice for notice in Notice.objects.all()}
    assert told.keys() == {first.id, second.id}
    assert {notice.sale.lead_id for notice in told.values()} == {lead.id}
    assert {name for name, _ in tasks_run()} == {"notices_mail", "opt_out_erase"}
    assert {to for message in mail.outbox for to in message.to} == {
        user.email for client in (first, second) for user in client.users.all()
    }
    for notice in told.values():
        assert PHONE not in mail.outbox[0].body
        notice_confirm(client_id=notice.client_id, notice_id=notice.id, user_id=None, as_of=later)
    assert not Notice.objects.filter(confirmed_at_utc=None).exists()
    assert not Notice.objects.filter(mailed_at_utc=None).exists()

    # Erased: what describes the person is gone, what the books need is there.
    lead.refresh_from_db()
    assert lead.erased_at_utc is not None
    assert [name for name in fields_about(Lead, About.HOMEOWNER) if getattr(lead, name) is not None] == []
    assert (lead.phone_key, lead.call_in_key) == (None, None)
    assert (lead.state, lead.county, lead.classification) == ("LA", "Caddo", "Gold")
    for order in orders:
        (cells,) = exported(order, later)
        assert [cells[name] for name in ("first_name", "borrower_phone", "mortgage_id")] == ["", "", ""]
        assert cells["state"] == "LA"

    # Still refused: only the register knows the person now, whom the shop has under no id.
    assert {load_again(mortgage_id, as_of=later) for mortgage_id in ("7001", "7002")} == {(0, 1, 0)}
    assert Lead.objects.count() == 1
    roll = inventory_generate(as_of=later + timedelta(days=180), now=later + timedelta(days=180))
    assert (roll.created, InventoryRecord.objects.filter(sold_at_utc=None, withheld=False).count()) == (0, 0)

    # The books and the audit chain are whole. Neither register nor record holds the number.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert [order.sales.get().purchase_price for order in orders] == [order.total for order in orders]
    assert [certificate(order, as_of=later) for order in orders] == certificates
    assert OptOut.objects.get().erased_at_utc is not None
    call_command("check_inventory_status", verify=True, stdout=io.StringIO())
    audit_seal(as_of=later)
    assert audit_verify().holds
    events = list(AuditEvent.objects.values_list("action", "details"))
    assert Counter(action for action, _ in events) >= Counter(
        {"ingest": 4, "purchase": 3, "opt_out": 1, "withdrawal.make": 1, "notice.confirm": 2, "erase": 1}
    )
    assert not any(PHONE in str(details) for _, details in events)


def test_who_bought_an_erased_lead_is_not_sold_the_person_again(as_of: datetime) -> None:
    """The person gave two numbers once and one of them another time. Only the other one is opted out."""
    set_prices(since=as_of - timedelta(days=400))
    buyer, lister = company(), company()
    other = "3181000104"

    def loaded(mortgage_id: str, called: datetime, **phones: str) -> None:
        call = f"{called:%m-%d-%Y %H:%M:%S}"
        line = row(**{"mortgage_id": mortgage_id, "call_in_date": call} | phones)
        ingest(source=io.BytesIO(csv_bytes(line)), as_of=as_of, records=FirstRecords)
        end_of_load()

    loaded("7001", as_of - timedelta(days=210), borrower_phone=other, call_in_phone_number="")
    loaded("7002", as_of - timedelta(days=200), borrower_phone=PHONE, call_in_phone_number=other)
    listed(lister, [PHONE], as_of=as_of)
    buy(buyer, 1, GOLD_6, as_of=as_of)
    key = key_of(PHONE)
    assert key is not None
    opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=as_of)
    tasks_run()

    assert Lead.objects.get(erased_at_utc=None).borrower_phone == other
    call_command("check_inventory_status", verify=True, stdout=io.StringIO())
    available = {
        client: available_count(criteria=GOLD_6, buyer=Buyer(client.id), as_of=as_of) for client in (buyer, lister)
    }
    assert available == {buyer: 0, lister: 1}
