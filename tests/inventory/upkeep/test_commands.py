"""The operators' commands on inventory, as a shell calls them."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from exports.models import Export
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord, YoungLead
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Order, Sale
from tests.factories import ClientFactory, InventoryFactory, LeadFactory, stock
from tests.inventory.upkeep.poison import SECRET, by_trigger, cure
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def run_json(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return answer


def test_generate_inventory_tells_what_it_did(now: datetime) -> None:
    InventoryFactory(as_of=now - timedelta(days=30), lead__age=timedelta(days=160))
    assert run("generate_inventory", "--dry-run").startswith("1 inventory record would be created, 1 would lapse")
    assert InventoryRecord.objects.count() == 1
    assert run("generate_inventory").startswith("1 inventory record created, 1 lapsed unsold")
    answer = run_json("generate_inventory")
    assert (answer["created"], answer["lapsed"], answer["sold_before"], answer["dry_run"]) == (0, 0, 0, False)


def test_generate_inventory_looks_at_the_instant_it_is_given(now: datetime) -> None:
    InventoryFactory(as_of=now - timedelta(days=30), lead__age=timedelta(days=160))
    early = (now - timedelta(days=11)).isoformat()
    assert run_json("generate_inventory", "--as-of", early)["created"] == 0
    late = (now - timedelta(days=9)).isoformat()
    assert run_json("generate_inventory", "--as-of", late)["created"] == 1


@pytest.mark.parametrize(
    ("instant", "message"),
    [
        ("yesterday", "not an instant"),
        ("2026-13-01T00:00:00Z", "not an instant"),
        ("0001-01-01T00:00:00+05:00", "not an instant"),
        ("2026-06-01T12:00:00", "Add Z for UTC: 2026-06-01T12:00:00Z$"),
        ("2026-06-01 12", "Add Z for UTC: 2026-06-01T12:00:00Z$"),
        ("2026-06-01", "Add Z for UTC: 2026-06-01T00:00:00Z$"),
    ],
)
def test_generate_inventory_refuses_what_is_no_instant(instant: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("generate_inventory", "--as-of", instant)


def test_the_instant_that_is_advised_is_taken() -> None:
    with pytest.raises(CommandError) as refusal:
        run("generate_inventory", "--as-of", "2026-06-01", "--dry-run")
    advised = str(refusal.value).rpartition(" ")[2]
    assert run_json("generate_inventory", "--as-of", advised, "--dry-run")["as_of"] == "2026-06-01T00:00:00+00:00"


def test_generate_inventory_refuses_the_future_but_forecasts_it(now: datetime) -> None:
    InventoryFactory(as_of=now, lead__age=timedelta(days=179))
    next_week = (now + timedelta(days=7)).isoformat()
    with pytest.raises(CommandError, match="on sale too early") as refusal:
        run("generate_inventory", "--as-of", next_week)
    assert refusal.value.returncode == 2
    assert InventoryRecord.objects.count() == 1
    assert run_json("generate_inventory", "--as-of", next_week, "--dry-run")["created"] == 1


def test_generate_inventory_names_the_leads_that_the_database_refuses_and_fails(now: datetime) -> None:
    leads = [
        InventoryFactory(as_of=now - timedelta(days=30), lead__age=timedelta(days=160, seconds=n)).lead
        for n in range(13)
    ]
    for lead in leads[:12]:
        by_trigger(lead)
    out = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("generate_inventory", "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert refusal.value.returncode == 1
    assert (answer["created"], answer["lapsed"]) == (1, 1)
    assert {failure["lead_id"] for failure in answer["failures"]} == {str(lead.id) for lead in leads[:12]}
    assert {failure["reason"] for failure in answer["failures"]} == {"RaiseException"}

    with pytest.raises(CommandError, match="12 leads are due, but the database refuses the records") as refusal:
        run("generate_inventory")
    said = str(refusal.value)
    assert "and 2 more" in said
    assert sum(str(lead.id) in said for lead in leads[:12]) == 10
    assert SECRET not in said + out.getvalue()

    for lead in leads[:12]:
        cure(lead.id)
    assert run_json("generate_inventory")["failures"] == []


def test_check_inventory_status_counts_everything(now: datetime) -> None:
    stock(3, as_of=now, state="LA")
    stock(2, as_of=now, state="TX", age_days=800, classification="Silver", county="Travis")
    InventoryFactory(as_of=now, sold_at_utc=now)
    InventoryFactory(as_of=now - timedelta(days=30), lead__age=timedelta(days=160))
    young = LeadFactory(as_of=now, age=timedelta(days=10))
    YoungLead.objects.create(lead=young, enters_at_utc=AgeBucket.MONTH_3_TO_5.enters_at(young.created_at_utc))

    status = run_json("check_inventory_status", "--by-state")

    counts = {name: status[name] for name in ("leads", "sellable", "sold", "lapsed", "too_young", "due")}
    assert counts == {"leads": 8, "sellable": 5, "sold": 1, "lapsed": 1, "too_young": 1, "due": 1}
    assert status["sellable_by_state"] == {"LA": 3, "TX": 2}
    cells = status["sellable_by_classification_and_bucket"]
    assert (cells["Gold"]["MONTH_6_TO_8"], cells["Silver"]["MONTH_24_PLUS"]) == (3, 2)
    assert sum(count for buckets in cells.values() for count in buckets.values()) == 5
    assert "sellable_by_state" not in run_json("check_inventory_status")

    table = run("check_inventory_status", "--by-state")
    assert "lapsed unsold" in table
    assert "TX" in table


@pytest.fixture
def bought(now: datetime) -> Order:
    set_prices(now - timedelta(days=1))
    stock(3, as_of=now)
    client = ClientFactory()
    order = buy(client, 2, Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8), as_of=now)
    Export.objects.create(client=client, sale_ids=list(order.sales.values_list("id", flat=True)), rows=2)
    return order


@pytest.mark.django_db(transaction=True)
def test_reset_makes_sold_records_available_and_removes_the_orders(
    bought: Order, now: datetime, settings: Settings
) -> None:
    settings.DEBUG = True
    assert run("reset_test_inventory", "--yes").startswith("Orders removed: 1. Records available again, where")
    assert InventoryRecord.objects.sellable(now).count() == 3
    assert not Order.objects.exists()
    assert not Sale.objects.exists()
    assert not Export.objects.exists()


@pytest.mark.parametrize(("debug", "arguments"), [(False, ["--yes"]), (True, [])])
@pytest.mark.django_db(transaction=True)
def test_reset_is_refused_in_production_and_without_yes(
    bought: Order, settings: Settings, debug: bool, arguments: list[str]
) -> None:
    settings.DEBUG = debug
    with pytest.raises(CommandError) as refusal:
        run("reset_test_inventory", *arguments)
    assert refusal.value.returncode == 2
    assert Sale.objects.count() == 2
