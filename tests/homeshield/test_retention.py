"""What is removed once it is no longer needed, and what stays (docs/privacy.md)."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from homeshield.accounts.keys import key_create
from homeshield.accounts.models import ApiAllowance, Client, ClientStatus, User
from homeshield.accounts.standing import client_standing_change
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from homeshield.audit.sealing import audit_seal
from homeshield.audit.services import audit_record
from homeshield.audit.verification import audit_verify
from homeshield.lib.ids import first_id_at
from homeshield.lib.origin import Origin, within
from inventory.buyer import Buyer
from leads.models import OptOut
from leads.opt_outs.models import OptOutKind, OptOutState
from pricing.models import Quote, QuoteItem
from pricing.quotes import quote_create
from sales.models import Draft, Order
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place
from tests.factories import ClientFactory, StaffFactory, UserFactory, stock
from tests.homeshield.billing.ledger.money import pay_in
from tests.sales.purchases import at, set_prices

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=400)


class FromAfar(Origin):
    @property
    def address(self) -> str | None:
        return "2001:db8::7"


def retention(**options: Any) -> dict[str, int]:
    out = StringIO()
    call_command("retention", json=True, stdout=out, **options)
    rows: dict[str, int] = json.loads(out.getvalue())["rows"]
    return {what: count for what, count in rows.items() if count}


def event_at(as_of: datetime) -> UUID:
    with within(FromAfar()):
        return audit_record(action=AuditAction.SIGN_OUT, as_of=as_of)


def test_a_rehearsal_tells_and_changes_nothing(now: datetime) -> None:
    event_at(now - LONG_AGO)
    ApiAllowance.objects.create(subject="address:192.0.2.7", full_at_utc=now - timedelta(days=2))
    before = AuditEvent.objects.count()
    expected = {"Network addresses in the audit record": 1, "Rates of keys and addresses, full again": 1}
    assert retention(dry_run=True) == retention(dry_run=True) == expected
    assert AuditEvent.objects.count() == before
    assert ApiAllowance.objects.filter(subject="address:192.0.2.7").exists()
    assert retention(apply=True) == expected
    assert retention(apply=True) == {}
    said = AuditEvent.objects.get(action=AuditAction.RETENTION).details
    assert {what: count for what, count in said.items() if count} == expected
    with pytest.raises(CommandError):
        call_command("retention")


def test_old_addresses_go_and_the_chain_holds(now: datetime) -> None:
    old, young = event_at(now - LONG_AGO), event_at(now - timedelta(days=100))
    audit_seal(as_of=now)
    head = audit_verify().head
    assert retention(apply=True) == {"Network addresses in the audit record": 1}
    assert AuditEvent.objects.get(id=old).address is None
    assert AuditEvent.objects.get(id=young).address == "2001:db8::7"
    verdict = audit_verify(expected=head)
    assert verdict.holds, verdict.faults
    assert AuditEvent.objects.get(id=old).address_digest == AuditEvent.objects.get(id=young).address_digest


@pytest.mark.parametrize(
    "change",
    [
        "address = '192.0.2.9'",
        "address = NULL, actor = 'somebody else'",
        "address = NULL, address_digest = NULL",
        "address_digest = repeat('0', 64)",
    ],
)
def test_an_event_loses_its_address_and_nothing_else(now: datetime, change: str) -> None:
    old = event_at(now - LONG_AGO)
    before = AuditEvent.objects.values().get(id=old)
    with pytest.raises(IntegrityError, match="the audit record is final"), transaction.atomic():
        connection.cursor().execute(f"UPDATE audit_events SET {change} WHERE id = '{old}'")
    assert AuditEvent.objects.values().get(id=old) == before


def test_a_young_event_keeps_its_address(now: datetime) -> None:
    young = event_at(now - timedelta(days=80))
    with pytest.raises(IntegrityError, match="the audit record is final"), transaction.atomic():
        connection.cursor().execute("UPDATE audit_events SET address = NULL")
    assert AuditEvent.objects.get(id=young).address is not None


def test_an_address_that_was_put_back_or_exchanged_is_found(now: datetime) -> None:
    event = event_at(now - LONG_AGO)
    audit_seal(as_of=now)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_events DISABLE TRIGGER ALL")
        cursor.execute("UPDATE audit_events SET address = '192.0.2.9' WHERE id = %s", [event])
    assert audit_verify().faults == [f"The address of event {event} is not that of its digest: it was changed."]


SIGN_UPS, COMPANIES = "Sign-ups without a confirmed address", "Companies that nobody belongs to"


def signed_up(name: str, *, days_ago: int, as_of: datetime, **company: Any) -> User:
    """An owner who never confirmed the address, and the company."""
    created = as_of - timedelta(days=days_ago)
    client = ClientFactory(**company)
    Client.objects.filter(id=client.id).update(created_at_utc=created)
    user = User.objects.create_user(f"{name}@agency.example", client=client, role="owner")
    User.objects.filter(id=user.id).update(created_at_utc=created)
    EmailAddress.objects.create(user=user, email=user.email, verified=False)
    return user


def company_of(user: User) -> Client:
    assert user.client
    return user.client


@pytest.mark.parametrize("status", ClientStatus)
def test_sign_ups_that_nobody_confirmed_go_with_their_companies(now: datetime, status: ClientStatus) -> None:
    """Whatever the standing: without approval, such a company is active at once."""
    confirmed = UserFactory()
    User.objects.filter(id=confirmed.id).update(created_at_utc=now - timedelta(days=31))
    Client.objects.update(created_at_utc=now - timedelta(days=31))
    forgotten = signed_up("eve", days_ago=31, as_of=now, status=status)
    recent = signed_up("new", days_ago=29, as_of=now)
    assert retention(dry_run=True) == retention(apply=True) == {SIGN_UPS: 1, COMPANIES: 1}
    assert set(User.objects.values_list("id", flat=True)) == {confirmed.id, recent.id}
    assert set(Client.objects.values_list("id", flat=True)) == {confirmed.client_id, recent.client_id}
    assert forgotten.client_id not in Client.objects.values_list("id", flat=True)


def test_a_company_whose_owner_went_to_another_goes_too(now: datetime) -> None:
    """Whoever signs up and is then invited elsewhere leaves a company behind that nobody belongs to."""
    user = signed_up("eve", days_ago=31, as_of=now)
    left = company_of(user).id
    user.client = UserFactory().client
    user.save()
    EmailAddress.objects.filter(user=user).update(verified=True)
    assert retention(apply=True) == {COMPANIES: 1}
    assert not Client.objects.filter(id=left).exists()
    assert User.objects.count() == 2


def test_a_company_in_use_stays_and_the_others_go(now: datetime) -> None:
    names = ("quoted", "keyed", "decided", "joined", "paid", "free")
    users = {name: signed_up(name, days_ago=31, as_of=now) for name in names}
    company = {name: company_of(user) for name, user in users.items()}
    UserFactory(client=company["joined"], role="viewer")
    key_create(client_id=company["keyed"].id, name="CRM", created_by=None, as_of=now)
    client_standing_change(
        client_id=company["decided"].id, status=ClientStatus.SUSPENDED, licensed_states=[], reason="Looked at it.",
        by=StaffFactory(), as_of=now,
    )  # fmt: skip
    pay_in(company["paid"], "5.00", as_of=now)
    Quote.objects.create(
        client=company["quoted"], quoted_at_utc=now, expires_at_utc=now + timedelta(minutes=15), subtotal=8
    )
    before = set(Client.objects.values_list("id", flat=True))
    found = retention(apply=True)
    assert found[COMPANIES] == 1
    assert set(Client.objects.values_list("id", flat=True)) == before - {company["free"].id}
    assert User.objects.filter(id=users["joined"].id).exists(), "it would be left without an owner"


def test_quotes_go_unless_an_order_used_them(now: datetime) -> None:
    then = now - timedelta(days=60)
    set_prices(since=then)
    client = ClientFactory()
    bought, left, fresh = stock(3, as_of=now)
    buyer = Buyer(client.id)
    quotes = [quote_create(buyer=buyer, inventory_ids=[r.id], as_of=now).quote for r in (bought, left, fresh)]
    order = at(
        now, order_place, client_id=client.id, user_id=None, basket=NamedBasket([bought.id], quotes[0].id), key="q"
    )
    old = Quote.objects.create(
        id=UUID(int=first_id_at(then).int + 1), client=client, quoted_at_utc=then,
        expires_at_utc=then + timedelta(minutes=15), subtotal=8,
    )  # fmt: skip
    QuoteItem.objects.create(quote=old, inventory=left, unit_price=8, list_price=8)
    assert retention(apply=True) == {"Expired quotes without an order": 1}
    assert set(Quote.objects.values_list("id", flat=True)) == {quote.id for quote in quotes}
    assert Order.objects.get() == order
    assert QuoteItem.objects.count() == 3


def test_old_carts_and_unconfirmed_requests_go(now: datetime) -> None:
    user, other = UserFactory(), UserFactory()
    Draft.objects.create(id=UUID(int=first_id_at(now - timedelta(days=181)).int + 1), user=user)
    Draft.objects.create(user=other)
    for key, state, days in ((1, OptOutState.UNCONFIRMED, 31), (2, OptOutState.UNCONFIRMED, 2), (3, "waiting", 31)):
        OptOut.objects.create(
            key=UUID(int=key), kind=OptOutKind.PAGE, state=state, received_at_utc=now - timedelta(days=days),
            due_on=now.date(),
        )  # fmt: skip
    assert retention(apply=True) == {"Carts without a change": 1, "Opt-outs that nobody confirmed": 1}
    assert Draft.objects.get().user_id == other.id
    assert set(OptOut.objects.values_list("key", flat=True)) == {UUID(int=2), UUID(int=3)}


def test_an_instant_becomes_the_first_key_of_its_millisecond() -> None:
    instant = parse_datetime("2026-06-01T12:00:00.123Z")
    assert instant is not None
    assert first_id_at(instant).int >> 80 == int(instant.timestamp() * 1000)
    assert first_id_at(instant) < first_id_at(timezone.now())
