"""withdraw_load, withdraw_leads and take_back_withdrawal: what they do, say and refuse."""

import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from homeshield.accounts.models import Client
from inventory.models import InventoryRecord, Withdrawal
from leads.models import Lead
from tests.concurrency.orders import gold_6
from tests.factories import ClientFactory
from tests.inventory.withholding.people import Inquiry, load, on_sale
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(now: datetime) -> Client:
    set_prices(now - timedelta(days=1))
    return ClientFactory(name="Abbot Agency")


@pytest.fixture
def leads(client: Client, now: datetime) -> list[Lead]:
    """Three of one load, the first of which is sold."""
    inquiries = [Inquiry(number, None, timedelta(days=260 - number)) for number in range(3)]
    found, _ = load(*inquiries, as_of=now)
    buy(client, 1, gold_6(), as_of=now)
    return found


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def run_json(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(*arguments, "--json"))
    return answer


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as refusal:
        run(*arguments)
    assert refusal.value.returncode == 2
    assert not Withdrawal.objects.exists()
    return str(refusal.value)


def test_a_dry_run_says_what_is_on_sale_and_what_was_sold_to_whom(
    client: Client, leads: list[Lead], now: datetime
) -> None:
    answer = run_json("withdraw_load", str(leads[0].load_id), "--dry-run")
    day = InventoryRecord.objects.get(lead=leads[0]).sold_at_utc
    assert answer == {
        "dry_run": True, "withdrawal_id": None, "leads": 3, "withdrawn_before": 0, "on_sale": 2,
        "sold_to": [
            {
                "client_id": str(client.id), "name": "Abbot Agency", "leads": 1,
                "first_sold_at_utc": str(day), "last_sold_at_utc": str(day),
            }
        ],
    }  # fmt: skip
    text = run("withdraw_load", str(leads[0].load_id), "--dry-run")
    assert text.startswith("3 leads would be withdrawn; 2 records would be taken off sale.")
    assert "Abbot" in text
    assert not Withdrawal.objects.exists()
    assert len(on_sale(now)) == 2


def test_a_load_is_withdrawn_and_that_is_taken_back(leads: list[Lead], now: datetime) -> None:
    text = run("withdraw_load", str(leads[0].load_id), "--note", "Shifted columns.")
    assert text.startswith("3 leads withdrawn; 2 records taken off sale.")
    assert on_sale(now) == set()
    named = re.search(r"This is withdrawal (\S+)\.", text)
    assert named
    told = run("take_back_withdrawal", named[1], "--note", "They were not shifted.")
    assert told == f"Withdrawal {named[1]} is taken back.\n"
    assert on_sale(now) == {leads[1].id, leads[2].id}


def test_leads_are_named_as_arguments_or_in_a_file(leads: list[Lead], now: datetime, tmp_path: Path) -> None:
    file = tmp_path / "leads.txt"
    file.write_text(f"{leads[1].id}\n\n{leads[0].id}\n")
    why = ("--reason", "other", "--note", "They complained.")
    answer = run_json("withdraw_leads", "--file", str(file), *why)
    assert (answer["leads"], answer["on_sale"]) == (2, 1)
    again = run_json("withdraw_leads", str(leads[1].id), str(leads[2].id), *why)
    assert (again["leads"], again["withdrawn_before"], again["on_sale"]) == (2, 1, 1)
    assert on_sale(now) == set()


def test_leads_are_named_by_another_program(leads: list[Lead], now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{leads[1].id}\n"))
    run("withdraw_leads", "--file", "-", "--reason", "other", "--note", "They complained.")
    assert on_sale(now) == {leads[2].id}


def test_what_makes_no_sense_is_refused(leads: list[Lead]) -> None:
    lead, nobody = str(leads[1].id), uuid4()
    why = ("--reason", "other", "--note", "They complained.")
    assert "There is no load 77" in refused("withdraw_load", "77", "--note", "Shifted columns.")
    assert "Say why" in refused("withdraw_load", str(leads[0].load_id))
    assert "Say why" in refused("withdraw_leads", lead, "--reason", "other")
    assert "at least one lead" in refused("withdraw_leads", *why)
    assert str(nobody) in refused("withdraw_leads", lead, str(nobody), *why)
    said = refused("withdraw_leads", "Ada Fontenot", *why)
    assert "Ada" not in said
    assert "cannot be read" in refused("withdraw_leads", "--file", "/nowhere/leads.txt", *why)
    assert "no such withdrawal" in refused("take_back_withdrawal", str(UUID(int=1)), "--note", "Why not.")
