"""Everything that decides who may be sold to whom happens at once. Afterwards nobody was sold who should not have been,
and what the shop keeps is what leads, sales, withdrawals and lists say (contract, "Person" to "Opt-out")."""

import io
from collections.abc import Callable
from functools import partial

import pytest
from django.core.management import call_command
from django.utils import timezone

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.counting.reading import availability
from inventory.facts.criteria import Criteria
from inventory.listing import records_page
from inventory.models import WithdrawnLead
from inventory.suppression import pieces, services
from inventory.upkeep.roll import inventory_generate
from leads.contact_keys import key_of_digits
from leads.models import Lead
from sales.models import Sale
from tests.concurrency.orders import assert_books_balance
from tests.concurrency.parallel import run_together
from tests.concurrency.storm import CALL_CENTER, Storm
from tests.market import oracle

pytestmark = pytest.mark.django_db(transaction=True)


def test_after_a_storm_nobody_was_sold_who_should_not_have_been(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pieces, services):
        monkeypatch.setattr(module, "PIECE", 5)
    storm = Storm(clients[:3])
    jobs: list[Callable[[], None]] = [partial(storm.buys, client) for client in storm.clients]
    jobs += [partial(storm.lists, client) for client in storm.clients[:2]]
    jobs += [storm.loads, storm.withdraws, storm.opts_out, storm.rolls, storm.counts]

    assert [outcome for outcome in run_together(jobs) if outcome is not None] == []

    now = timezone.now()
    inventory_generate(as_of=now, now=now)
    call_command("check_inventory_status", verify=True, stdout=io.StringIO())
    assert_books_balance()

    storm.nothing_withdrawn_was_sold_since()
    storm.nothing_listed_was_sold_since()
    facts = facts_of(storm)
    persons = facts.persons()
    bought = {(sold.client, lead) for sold in facts.sales for lead in persons[sold.lead]}
    assert bought.isdisjoint({(sold.client, sold.lead) for sold in facts.sales}), "one person, twice to one client"
    for client in clients[:4]:
        stock, buyer = facts.stock(client.name, now), Buyer(client.id)
        rows = records_page(criteria=Criteria(), buyer=buyer, as_of=now, cursor=None, limit=10_000).rows
        assert {row.lead_id for row in rows} == stock.available
        found = availability(criteria=Criteria(), buyer=buyer, as_of=now)
        assert (found.total, found.owned, found.suppressed) == tuple(map(len, stock))

    # It was one: there is something of everything.
    assert len(facts.sales) > 20
    assert len({lead for lead, others in persons.items() if others}) > 20
    assert facts.common() == {key_of_digits(CALL_CENTER)}
    assert storm.withdrawn
    assert storm.erased
    assert any(facts.excluded(client.name) for client in storm.clients)


def facts_of(storm: Storm) -> oracle.Facts:
    """What has happened, as leads, sales and withdrawals tell it; of lists and erased leads, as the storm noted it."""
    leads = {lead.id: lead for lead in Lead.objects.all()}
    facts = oracle.Facts(
        inquiries={
            key: oracle.Inquiry(
                lead.created_at_utc, storm.erased.get(key, frozenset({lead.phone_key, lead.call_in_key} - {None}))
            )
            for key, lead in leads.items()
        },
        sales={oracle.Sold(*sold) for sold in Sale.objects.values_list("client__name", "lead_id", "age_bucket")},
        lists={key: (client.name, frozenset(seen)) for key, (client, seen) in storm.listed.items()},
    )
    standing = WithdrawnLead.objects.filter(withdrawal__taken_back__isnull=True).values_list("withdrawal_id", "lead_id")
    for withdrawal, lead in standing:
        facts.withdrawals[withdrawal] = facts.withdrawals.get(withdrawal, frozenset()) | {lead}
    assert {key for key, lead in leads.items() if lead.erased_at_utc} == storm.erased.keys()
    for key in storm.erased:
        facts.erase(key)
    return facts
