"""`check_inventory_status --verify` finds and mends what is withheld wrongly, as it does counts."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from inventory.counting.compaction import counts_compare
from inventory.models import CommonKey, InventoryRecord, PersonLink, WithheldLead
from inventory.withholding.services import leads_withdraw
from inventory.withholding.verification import persons_verify
from sales.privacy.carrying_out import leads_erase
from tests.inventory.withholding.people import Inquiry, links_now, load, on_sale, withheld_now

pytestmark = pytest.mark.django_db


def forget_links() -> None:
    PersonLink.objects.all().delete()


def invent_a_link() -> None:
    [one, other] = InventoryRecord.objects.order_by("id").values_list("lead_id", flat=True)[:2]
    PersonLink.objects.get_or_create(lead_id=one, other_id=other)


def forget_keys() -> None:
    CommonKey.objects.all().delete()


def invent_a_key() -> None:
    CommonKey.objects.create(key=UUID(int=77))


def forget_leads() -> None:
    WithheldLead.objects.all().delete()  # the trigger puts their records on sale


def withhold_everything() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO withheld_leads SELECT id, true, false FROM leads"
            " WHERE id NOT IN (SELECT lead_id FROM withheld_leads)"
        )


def spoil_the_copy() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE inventory SET withheld = NOT withheld")
        cursor.execute("SET LOCAL session_replication_role = origin")


def spoil_nothing() -> None:
    pass


def verify() -> tuple[int, dict[str, int]]:
    """The exit code, and what it told of persons."""
    out = StringIO()
    try:
        call_command("check_inventory_status", "--verify", "--json", stdout=out)
    except CommandError as verdict:
        return verdict.returncode, json.loads(out.getvalue())["persons"]
    return 0, json.loads(out.getvalue())["persons"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_nothing, set()),
        (forget_links, {"links"}),
        (invent_a_link, {"links"}),
        (forget_keys, {"common_keys"}),
        (invent_a_key, {"common_keys"}),
        (forget_leads, {"withheld_leads"}),
        (withhold_everything, {"withheld_leads"}),
        (spoil_the_copy, {"records"}),
    ],
)
def test_what_is_withheld_wrongly_is_found_and_mended(now: datetime, spoil: Callable[[], None], told: set[str]) -> None:
    load(*(Inquiry(9, None, timedelta(days=200 + n)) for n in range(6)), as_of=now)
    pair, _ = load(*(Inquiry(1, None, timedelta(days=200 + n)) for n in range(2)), as_of=now)
    leads, _ = load(*(Inquiry(2, 3 + n, timedelta(days=300 + n)) for n in range(3)), as_of=now)
    leads_withdraw(lead_ids=[leads[0].id], reason="other", note="It was wrong.", by_id=None, as_of=now)
    assert persons_verify(as_of=now).total == 0
    right = links_now(), withheld_now(), on_sale(now)
    assert (pair[0].id in right[2], pair[1].id in right[2], len(right[2])) == (True, False, 8)

    spoil()

    code, found = verify()
    assert ({name for name, count in found.items() if count}, code) == (told, int(bool(told)))
    assert (links_now(), withheld_now(), on_sale(now)) == right
    assert counts_compare() == []
    assert verify() == (0, dict.fromkeys(found, 0))


def test_a_number_stays_nobodys_when_some_of_its_leads_are_erased(now: datetime) -> None:
    """Five bear it now. They are not made one person, of whom four would leave the sale."""
    leads, _ = load(*(Inquiry(9, 1 if n == 0 else None, timedelta(days=200 + n)) for n in range(6)), as_of=now)
    gone = leads[0].id
    leads_withdraw(lead_ids=[gone], reason="erased", note="On request.", by_id=None, as_of=now)
    leads_erase([gone], as_of=now)
    assert persons_verify(as_of=now).total == 0
    assert links_now() == set()
    assert on_sale(now) == {lead.id for lead in leads[1:]}
