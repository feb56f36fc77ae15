"""Everybody who may come: a visitor, users of companies of every status and role, staff of every group. And what each
company has, so that everybody can try the own things and another company's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from uuid import UUID, uuid4

from django.apps import apps
from django.contrib.auth.models import Group

from exports.models import Export
from homeshield.accounts.keys import key_create
from homeshield.accounts.models import Client, Invitation, User
from homeshield.accounts.permissions import ClientRole, ClientStatus
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.facts.territory import Territory
from inventory.suppression.recognition import recognise
from inventory.suppression.services import list_create, upload_receive
from inventory.withholding.services import leads_withdraw
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import OptOut, OptOutList
from leads.opt_outs.models import OptOutKind, OptOutState
from sales.cart.services import draft_line_add
from sales.models import Draft, Notice, Sale, SavedSearch
from sales.privacy import models as privacy
from sales.returns.models import ReturnReason
from sales.returns.services import Asked, returns_make
from sales.territories.services import territory_save
from tests.factories import ClientFactory, LoadFactory, StaffFactory, UserFactory, stock
from tests.homeshield.billing.documents.examples import credit_note_make
from tests.homeshield.billing.payments.rows import rows_of_payments
from tests.inventory.suppression.lists import number
from tests.pricing.discounts.offers import offers_make
from tests.sales.purchases import buy, set_prices

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GROUPS = ("pricing", "support", "operations", "auditor", "finance")


@dataclass(frozen=True)
class Things:
    """What a company has, by the names that addresses have for it."""

    order_id: UUID
    sale_id: UUID
    key_id: UUID
    invitation_id: UUID
    user_id: UUID
    notice_id: UUID
    list_id: UUID
    upload_id: UUID
    """Of the list, and not confirmed yet."""
    document_id: UUID
    payment_id: UUID
    """Begun with a card, and not paid."""
    territory_id: UUID
    line_of: dict[UUID, UUID]
    """A line of each user's draft."""
    search_of: dict[UUID, UUID]
    """A saved search of each user."""


@dataclass(frozen=True)
class World:
    users: Mapping[tuple[str, str], User]
    """By role and status of the company."""
    things: dict[str, Things]
    """By the company's status."""
    rivals: Things
    staff: Mapping[str, User]
    """By group; "none" is in no group, "superuser" needs none."""
    nobody: User
    """Belongs to no company."""


def world(now: datetime) -> World:
    set_prices(since=now - timedelta(days=1))
    withdrawn, *_ = stock(21, as_of=now, load=LoadFactory(loaded_at_utc=now))
    leads_withdraw(lead_ids=[withdrawn.lead_id], reason="other", note="It was wrong.", by_id=None, as_of=now)
    companies = {status.value: ClientFactory() for status in ClientStatus}
    users = {
        (role.value, status): UserFactory(client=company, role=role)
        for status, company in companies.items()
        for role in ClientRole
    }
    things = {status: _things(company, now) for status, company in companies.items()}
    rival = UserFactory().client
    assert rival is not None
    rivals = _things(rival, now)
    offers_make(rival, since=now)
    sale = Sale.objects.latest("id")
    Export.objects.create(client_id=sale.client_id, sale_ids=[sale.id], rows=1)
    asked = Asked(sale_id=sale.id, reason=ReturnReason.DECEASED)
    returns_make(client_id=sale.client_id, asked=[asked], user_id=None, as_of=now)
    one = OptOutList.objects.create(
        kind=OptOutKind.DROP, file_name="phones.csv", sha256="0" * 64, received_at_utc=now, due_on=now.date()
    )
    OptOut.objects.create(
        key=uuid4(), kind=OptOutKind.DROP, state=OptOutState.WAITING, list=one, received_at_utc=now, due_on=now.date()
    )
    for status, company in companies.items():
        Client.objects.filter(id=company.id).update(status=status)
    return World(users, things, rivals, _staff(), UserFactory(client=None))


def notice_make(sale: Sale, now: datetime) -> Notice:
    """That the person of a sale has opted out, told to its client."""
    opt_out = OptOut.objects.create(
        key=uuid4(), kind=OptOutKind.STAFF, state=OptOutState.IN_FORCE, received_at_utc=now, due_on=now.date(),
        done_at_utc=now,
    )  # fmt: skip
    return Notice.objects.create(
        client_id=sale.client_id, sale=sale, opt_out=opt_out, asks=privacy.Asked.STOP, told_at_utc=now
    )


def _things(company: Client, now: datetime) -> Things:
    order = buy(company, 1, GOLD, as_of=now)
    owner = company.users.filter(role=ClientRole.OWNER).first()
    assert owner is not None
    for user in company.users.all():
        draft_line_add(user=user, criteria=GOLD, quantity=1)
    suppressed = list_create(client_id=company.id, name="Ours", user=owner, as_of=now)
    recognised = recognise(number(1).encode())
    upload = upload_receive(of=suppressed, recognised=recognised, replaces=False, user=owner, as_of=now)
    return Things(
        order_id=order.id,
        sale_id=order.sales.get().id,
        notice_id=notice_make(order.sales.get(), now).id,
        key_id=key_create(client_id=company.id, name="key", created_by=owner, as_of=now).key.id,
        invitation_id=Invitation.objects.create(
            client=company, email="ann@acme.example", role="buyer", invited_by=owner, created_at_utc=now,
            expires_at_utc=now + timedelta(days=7),
        ).id,
        list_id=suppressed.id,
        upload_id=upload.id,
        user_id=UserFactory(client=company, role=ClientRole.VIEWER).id,
        document_id=credit_note_make(company.id, as_of=now),
        payment_id=rows_of_payments(company, as_of=now),
        territory_id=territory_save(
            client_id=company.id, name="South", territory=Territory((Place("TX"), Place("LA"))), as_of=now
        ).id,
        search_of={
            user.id: SavedSearch.objects.create(
                client=company, user=user, name="Gold", opened_at_utc=now, opened_count=0
            ).id
            for user in company.users.all()
        },
        line_of={draft.user_id: draft.lines.get().id for draft in Draft.objects.filter(user__client=company)},
    )  # fmt: skip


def staff_groups_make() -> None:
    """The groups as the migrations leave them; tests before may have emptied the table."""
    import_module("homeshield.migrations.0001_staff_groups").make_groups(apps, None)
    import_module("homeshield.migrations.0002_staff_see_loads").allow(apps, None)
    import_module("homeshield.migrations.0003_staff_of_privacy").give(apps, None)
    import_module("homeshield.migrations.0004_staff_withdraw_leads").allow(apps, None)
    import_module("homeshield.migrations.0005_staff_see_documents").allow(apps, None)
    import_module("homeshield.migrations.0006_staff_of_accounts").allow(apps, None)
    import_module("homeshield.migrations.0007_staff_of_payments").allow(apps, None)
    import_module("homeshield.migrations.0008_staff_set_discounts").allow(apps, None)
    import_module("homeshield.migrations.0009_staff_decide_returns").give(apps, None)


def _staff() -> dict[str, User]:
    staff_groups_make()
    staff: dict[str, User] = {"superuser": StaffFactory(), "none": StaffFactory(is_superuser=False)}
    for group in GROUPS:
        staff[group] = StaffFactory(is_superuser=False)
        staff[group].groups.add(Group.objects.get(name=group))
    return staff
