"""The second wall: a query that forgot its filter shows the web's role the rows of one client alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pgtrigger
import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.db.models import Model
from pytest_django import Settings

from exports.errors import SaleOfAnotherClient
from exports.models import Export, ExportCompletion, SanitisedCell
from exports.services import export_start_sales, export_stream
from homeshield.accounts.models import ApiKey, Client, ClientChange, Invitation, PreviewAllowance, User
from homeshield.accounts.previews import Previews, previews_spend
from homeshield.audit.models import AuditEvent
from homeshield.billing.documents.details import Details, details_change
from homeshield.billing.models import (
    BillingDetails,
    Budget,
    BudgetMonth,
    ClientAccount,
    CreditLimitChange,
    Dispute,
    Document,
    DocumentMail,
    LedgerLeg,
    LedgerTransaction,
    Payment,
    PaymentEvent,
    Refund,
    RefundRequest,
    TopUp,
)
from homeshield.lib.viewer import NOBODY, STAFF, Viewer, seen_by
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compare
from inventory.counting.reading import availability
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.facts.territory import Territory
from inventory.models import (
    Exclusion,
    InventoryRecord,
    PickStart,
    SuppressionEntry,
    SuppressionList,
    SuppressionPiece,
    SuppressionUpload,
    Withdrawal,
)
from inventory.upkeep.roll import inventory_generate
from inventory.withholding.errors import LeadsNotFound
from inventory.withholding.services import leads_withdraw, withdrawal_take_back
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import Lead, OptOut
from leads.opt_outs.models import OptOutKind, OptOutState
from pricing.models import ClientPrice, DiscountRule, Quote, QuoteItem
from pricing.quotes import quote_create
from sales.history.purchases import purchases_refresh
from sales.models import Notice, Order, OrderLine, PurchasedLead, Return, Sale, SavedSearch, SavedTerritory
from sales.privacy.models import Asked
from sales.returns import services as returns
from sales.returns.models import ReturnReason
from sales.territories.services import territory_save
from tests.factories import ClientFactory, UserFactory, stock
from tests.homeshield.billing.documents.examples import credit_note_make
from tests.homeshield.billing.ledger.money import pay_in
from tests.homeshield.billing.payments.rows import rows_of_payments
from tests.sales.purchases import buy, set_prices

type AsWeb = Callable[[], AbstractContextManager[None]]

YOUNG = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
OF_A_CLIENT: dict[type[Model], str] = {
    Order: "client_id",
    OrderLine: "order__client_id",
    Sale: "client_id",
    Export: "client_id",
    SanitisedCell: "export__client_id",
    ExportCompletion: "export__client_id",
    Quote: "client_id",
    QuoteItem: "quote__client_id",
    DiscountRule: "client_id",
    ClientPrice: "client_id",
    PreviewAllowance: "client_id",
    Exclusion: "client_id",
    PickStart: "client_id",
    SuppressionList: "client_id",
    SuppressionUpload: "client_id",
    SuppressionPiece: "client_id",
    SuppressionEntry: "client_id",
    Notice: "client_id",
    Document: "client_id",
    DocumentMail: "client_id",
    BillingDetails: "client_id",
    ClientAccount: "client_id",
    LedgerTransaction: "client_id",
    LedgerLeg: "client_id",
    Budget: "client_id",
    BudgetMonth: "budget__client_id",
    Payment: "client_id",
    PaymentEvent: "client_id",
    RefundRequest: "client_id",
    Refund: "client_id",
    Dispute: "client_id",
    TopUp: "client_id",
    Return: "client_id",
    PurchasedLead: "client_id",
    SavedTerritory: "client_id",
    SavedSearch: "client_id",
}
OPEN: dict[type[Model], str] = {
    User: "who signs in is not known before it is found",
    ApiKey: "whose key it is is not known before it is found",
    Invitation: "who is invited is not known before the link is followed",
    ClientChange: "for staff alone, and without anything that is sold",
    AuditEvent: "for staff alone, whichever client it speaks of",
    CreditLimitChange: "for staff alone",
}


@pytest.fixture
def shop(db: None, as_of: datetime) -> tuple[Client, Client]:
    """Two clients, each with an order, a quote and an export with a cell that was made harmless."""
    set_prices(since=as_of)
    clients = (ClientFactory(), ClientFactory())
    for client in clients:
        order = buy(client, 2, GOLD, as_of=as_of) if stock(2, as_of=as_of, lender="=1") else None
        assert order is not None
        ids = list(order.sales.values_list("id", flat=True))
        export = export_start_sales(client_id=client.id, user=None, sale_ids=ids, as_of=as_of)
        assert len(list(export_stream(export))) == 1
        records = [record.id for record in stock(1, as_of=as_of)]
        quote_create(buyer=Buyer(client.id), inventory_ids=records, as_of=as_of)
        previews_spend(client_id=client.id, wanted=1, as_of=as_of)
        DiscountRule.objects.create(name="Theirs", percentage=5, client=client, effective_from_utc=as_of)
        ClientPrice.objects.create(
            client=client, classification="Gold", age_bucket="MONTH_24_PLUS", amount=1, effective_from_utc=as_of
        )
        suppression_list(client, as_of=as_of)
        notice(client, order, as_of=as_of)
        money(client, as_of=as_of)
        document(client, as_of=as_of)
        give_back(client, order, as_of=as_of)
        purchases_refresh(client.id)
        territory_save(client_id=client.id, name="Texas", territory=Territory((Place("TX"),)), as_of=as_of)
        SavedSearch.objects.create(
            client=client, user=UserFactory(client=client), name="Gold", opened_at_utc=as_of, opened_count=0
        )
        PickStart.objects.create(
            client=client,
            classification=Classification.GOLD,
            age_bucket=AgeBucket.MONTH_6_TO_8,
            expires_at_utc=as_of,
            inventory_id=records[0],
            found_at_utc=as_of,
        )
    connection.check_constraints()  # as commits would: before 18, PostgreSQL runs what is deferred as who is there then
    return clients


def document(client: Client, *, as_of: datetime) -> None:
    """A credit note with a mail that waits."""
    details_change(
        client_id=client.id, details=Details(mail_to=("books@agency.example",)), by=UserFactory(client=client),
        as_of=as_of,
    )  # fmt: skip
    credit_note_make(client.id, as_of=as_of)


def notice(client: Client, order: Order, *, as_of: datetime) -> None:
    """A notice of a sale, whose person has opted out."""
    asked = OptOut.objects.create(
        key=uuid4(), kind=OptOutKind.STAFF, state=OptOutState.IN_FORCE, received_at_utc=as_of, due_on=as_of.date(),
        done_at_utc=as_of,
    )  # fmt: skip
    sale = order.sales.first()
    assert sale is not None
    Notice.objects.create(client=client, sale=sale, opt_out=asked, asks=Asked.STOP, told_at_utc=as_of)


def money(client: Client, *, as_of: datetime) -> None:
    """A payment, and a budget that was used."""
    pay_in(client, "1.00", as_of=as_of)
    rows_of_payments(client, as_of=as_of)
    budget = Budget.objects.create(client=client, user=UserFactory(client=client), amount=9, set_at_utc=as_of)
    BudgetMonth.objects.create(budget=budget, month=as_of.date().replace(day=1), spent=1)


def give_back(client: Client, order: Order, *, as_of: datetime) -> None:
    """A return of one of two leads, which waits: it is more than a fifth."""
    sale = order.sales.first()
    assert sale is not None
    asked = returns.Asked(sale_id=sale.id, reason=ReturnReason.DECEASED)
    returns.returns_make(client_id=client.id, asked=[asked], user_id=None, as_of=as_of)


def suppression_list(client: Client, *, as_of: datetime) -> None:
    """A list with an entry, and with an upload that waits."""
    made = SuppressionList.objects.create(client=client, name="Ours", entries=1, created_at_utc=as_of)
    upload = SuppressionUpload.objects.create(
        list=made, client=client, replaces=False, valid=1, invalid=0, duplicates=0, received_at_utc=as_of
    )
    SuppressionPiece.objects.create(upload=upload, client=client, number=1, keys=[uuid4()])
    SuppressionEntry.objects.create(list=made, client=client, key=uuid4(), generation=0)


def shown() -> Iterator[tuple[type[Model], set[UUID]]]:
    """Whose rows are seen by queries without any filter."""
    for model, owner in OF_A_CLIENT.items():
        yield model, set(model._default_manager.order_by().values_list(owner, flat=True)) - {None}  # the house's legs


def everywhere(*clients: UUID) -> dict[type[Model], set[UUID]]:
    return {model: set(clients) for model in OF_A_CLIENT}


def test_a_forgotten_filter_shows_a_client_its_own_rows_and_no_others(
    shop: tuple[Client, Client], as_web: AsWeb
) -> None:
    own, other = shop
    assert dict(shown()) == everywhere(own.id, other.id)  # by the owner, who is above the policies
    with as_web(), seen_by(Viewer(own.id)):
        assert dict(shown()) == everywhere(own.id)
        assert not Sale.objects.filter(client_id=other.id).exists()


def test_who_says_nothing_is_shown_nothing(shop: tuple[Client, Client], as_web: AsWeb) -> None:
    with as_web():
        assert dict(shown()) == everywhere()
        with seen_by(NOBODY):
            assert dict(shown()) == everywhere()
        with seen_by(Viewer(uuid4())):
            assert dict(shown()) == everywhere()


def test_staff_are_shown_everything_and_cannot_write_it(
    shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime
) -> None:
    own, other = shop
    with as_web(), seen_by(STAFF):
        assert dict(shown()) == everywhere(own.id, other.id)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Export.objects.create(client=own, sale_ids=[], rows=0)


def test_nothing_is_written_in_the_name_of_another_client(
    shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime
) -> None:
    own, other = shop
    stock(2, as_of=as_of)
    with as_web(), seen_by(Viewer(own.id)):
        with pytest.raises(ProgrammingError, match="violates row-level security"):
            buy(other, 1, GOLD, as_of=as_of)
        assert buy(own, 1, GOLD, as_of=as_of).quantity == 1
        connection.check_constraints()  # as the commit would: what is deferred must see who looks, too


def test_previews_are_counted_for_who_looks_and_for_nobody_else(
    shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime, settings: Settings
) -> None:
    own, other = shop
    settings.PREVIEWS_PER_DAY = 10
    with as_web(), seen_by(Viewer(own.id)):
        assert previews_spend(client_id=own.id, wanted=4, as_of=as_of) == Previews(granted=4, left=5)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            previews_spend(client_id=other.id, wanted=4, as_of=as_of)
    assert PreviewAllowance.objects.get(client=other).shown == 1


def test_another_clients_sale_is_told_from_one_that_does_not_exist(
    shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime
) -> None:
    own, other = shop
    foreign = other.sales.latest("id").id
    with as_web(), seen_by(Viewer(own.id)), pytest.raises(SaleOfAnotherClient):
        export_start_sales(client_id=own.id, user=None, sale_ids=[foreign], as_of=as_of)


def test_buyer_protection_holds_for_who_looks(shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime) -> None:
    """It asks whether the client has bought a lead before, and so needs to see that client's sales."""
    own, _ = shop
    owned = Sale.objects.filter(client=own).values_list("lead_id", flat=True)
    with as_web(), seen_by(Viewer(own.id)), connection.cursor() as cursor:
        cursor.execute("SELECT lead_id FROM sales WHERE client_id = %s", [own.id])
        assert {lead for (lead,) in cursor.fetchall()} == set(owned)


def test_a_lead_is_seen_whole_by_who_has_bought_it_and_by_staff(
    shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime
) -> None:
    own, other = shop
    bought = {client.id: set(client.sales.values_list("lead_id", flat=True)) for client in shop}
    everything = set(Lead.objects.order_by().values_list("id", flat=True))
    assert bought[own.id]
    assert bought[own.id].isdisjoint(bought[other.id])
    assert bought[own.id] | bought[other.id] < everything  # some are for sale

    def seen() -> set[UUID]:
        return {id_ for id_, phone in Lead.objects.order_by().values_list("id", "borrower_phone") if phone}

    with as_web():
        assert seen() == set()
        with seen_by(Viewer(own.id)):
            assert seen() == bought[own.id]
        with seen_by(STAFF):
            assert seen() == everything


def test_of_other_leads_a_first_name_a_city_a_day_a_band_and_a_channel_are_seen(
    shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime
) -> None:
    seen = {
        ("$132,550", "Call"): (100_000, "CALL"),
        ("49999.99", "Dana Doe"): (0, "OTHER"),
        ("$3,450,000", ""): (1_000_000, None),
        ("150K", None): (None, None),
    }
    called = "03-04-2026 05:06:07"
    leads = [
        stock(1, as_of=as_of, mortgage_amount=amount, source=source, call_in_date=called)[0].lead
        for amount, source in seen
    ]
    with as_web(), seen_by(Viewer(shop[0].id)), connection.cursor() as cursor:
        ids = [lead.id for lead in leads]
        cursor.execute("SELECT * FROM lead_previews WHERE id = ANY (%s)", [ids])
        columns = ["id", "first_name", "city", "called_on", "loan_from", "source"]
        assert [column.name for column in cursor.description or ()] == columns
        assert {row[0]: row[1:] for row in cursor.fetchall()} == {
            lead.id: ("Ada", "Pecanville", "03-04-2026", *shown)
            for lead, shown in zip(leads, seen.values(), strict=True)
        }
        cursor.execute("SELECT FROM leads WHERE id = ANY (%s)", [ids])
        assert cursor.fetchone() is None


def test_what_is_sold_stays_sold_even_where_triggers_are_told_to_look_away(
    shop: tuple[Client, Client], as_web: AsWeb
) -> None:
    """pgtrigger's own switch is a setting of the session, which any role may make."""
    with as_web(), pgtrigger.ignore(), seen_by(Viewer(shop[0].id)):
        assert InventoryRecord.objects.filter(sold_at_utc__isnull=False).update(sold_at_utc=None) == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            InventoryRecord.objects.filter(sold_at_utc__isnull=True).update(sold_at_utc=None)


def test_what_one_client_buys_changes_the_count_of_another_who_owns_the_lead(
    db: None, as_web: AsWeb, as_of: datetime
) -> None:
    """Both bought a lead's earlier record from a client's own point of view: the triggers have to see both."""
    set_prices(since=as_of - timedelta(days=400))
    first, second = ClientFactory(), ClientFactory()
    stock(1, as_of=as_of, age_days=100)
    buy(first, 1, YOUNG, as_of=as_of)
    connection.check_constraints()
    later = as_of + timedelta(days=100)
    inventory_generate(as_of=later, now=later)
    assert count(first, later) == (0, 1)
    with as_web(), seen_by(Viewer(second.id)):
        buy(second, 1, GOLD, as_of=later)
        assert count(second, later) == (0, 0)
        connection.check_constraints()
    assert count(first, later) == (0, 0)
    assert counts_compare() == []


def count(client: Client, as_of: datetime) -> tuple[int, int]:
    """How many leads the client can buy, and how many it owns already."""
    found = availability(criteria=GOLD, buyer=Buyer(client.id), as_of=as_of)
    return found.total, found.owned


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT * FROM orders WHERE client_id = %(id)s ORDER BY placed_at_utc DESC, id DESC LIMIT 50",
            "order_history",
        ),
        ("SELECT * FROM sales WHERE order_id = %(id)s ORDER BY line_number, id LIMIT 50", "sale_by_order"),
        ("SELECT FROM sales WHERE client_id = %(id)s AND lead_id = %(id)s", "sale_once_per_client_and_lead"),
        ("SELECT * FROM order_lines WHERE order_id = %(id)s", "order_line_number_once"),
        (
            "SELECT sale_id FROM purchased_leads WHERE client_id = %(id)s AND last_name >= lower('Qu')"
            " AND last_name < lower('Qv') ORDER BY last_name, first_name, sale_id LIMIT 50",
            "purchased_by_last_name",
        ),
        (
            "SELECT id FROM inventory WHERE classification = 'Gold' AND age_bucket = 'MONTH_6_TO_8'"
            " AND sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld AND expires_at_utc > now()"
            " ORDER BY expires_at_utc, id LIMIT 9 FOR NO KEY UPDATE",
            "inventory_open",  # by cell or not: which of the two is read where there is nothing yet is a toss-up
        ),
    ],
)
def test_the_wall_leaves_the_indexes_usable(as_web: AsWeb, query: str, index: str) -> None:
    """A condition that might tell of hidden rows would have to wait for the policy, and could not be looked up."""
    with as_web(), seen_by(Viewer(uuid4())), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {query}", {"id": uuid4()})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    [scan] = [line for line in plan.splitlines() if index in line]
    assert "Index" in scan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan


def test_every_table_with_a_client_is_behind_the_wall_or_says_why_not() -> None:
    with_client = {
        model
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if (field.related_model is Client or field.attname == "client_id") and not model._meta.proxy
    }
    assert {model.__name__ for model in with_client - OF_A_CLIENT.keys() - OPEN.keys()} == set()


def test_the_wall_stands_on_every_table_that_has_it(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        secured = {name for (name,) in cursor.fetchall()}
    others = {"leads", "inventory", "inventory_counts", "inventory_count_changes"}
    of_staff = {"loads", "withdrawals", "withdrawn_leads", "withdrawals_taken_back", "credit_limit_changes"}
    assert secured == others | of_staff | {model._meta.db_table for model in OF_A_CLIENT}


def test_staff_withdraw_leads_and_take_that_back_and_clients_do_neither(
    shop: tuple[Client, Client], as_web: AsWeb, as_of: datetime
) -> None:
    [record] = stock(1, as_of=as_of)

    def withdraw() -> UUID:
        return leads_withdraw(
            lead_ids=[record.lead_id], reason="other", note="It was wrong.", by_id=None, as_of=as_of, alone=True
        ).withdrawal_id

    with as_web():
        with seen_by(Viewer(shop[0].id)), pytest.raises((ProgrammingError, LeadsNotFound)), transaction.atomic():
            withdraw()
        assert not InventoryRecord.objects.filter(withheld=True).exists()
        with seen_by(STAFF):
            withdrawal_id = withdraw()
            assert InventoryRecord.objects.get(withheld=True).id == record.id
        with seen_by(Viewer(shop[0].id)):
            assert not Withdrawal.objects.exists()
        with seen_by(STAFF):
            withdrawal_take_back(withdrawal_id=withdrawal_id, note="It was right.", by_id=None, as_of=as_of)
        assert not InventoryRecord.objects.filter(withheld=True).exists()
    assert counts_compare() == []
