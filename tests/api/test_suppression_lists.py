"""Suppression lists by the API (api-v1: `/suppression-lists`)."""

from base64 import b64encode
from datetime import datetime
from hashlib import sha256

import pytest

from homeshield.audit.models import AuditEvent
from inventory.models import SuppressionList, SuppressionPiece, SuppressionUpload
from inventory.suppression.cells import Fault
from tests.api.conftest import Caller
from tests.factories import stock
from tests.homeshield.worker import tasks_run
from tests.inventory.suppression.lists import digest, entries_of, listed, number, pairs

pytestmark = pytest.mark.django_db


def test_from_a_list_to_what_is_no_longer_available(caller: Caller, now: datetime) -> None:
    for n in range(4):
        stock(1, as_of=now, borrower_phone=number(n), call_in_phone_number="")
    in_base64 = b64encode(sha256(number(2).encode()).digest()).decode()
    made = caller.post("suppression-lists", {"name": "Customers", "entries": [number(0), digest(1), in_base64]})
    assert made.status_code == 200
    assert made.json() == {
        "list_id": str(SuppressionList.objects.get().id), "name": "Customers", "status": "active", "entries": 0,
        "waiting": 3, "ends_on": None, "created_at": made.json()["created_at"],
    }  # fmt: skip
    tasks_run()
    assert pairs(caller.client).keys() == {number(0), number(1), number(2)}
    facets = caller.get("inventory/facets").json()
    assert (facets["total"], facets["suppressed"]) == (1, 3)
    [listed_] = caller.get("suppression-lists").json()["lists"]
    assert (listed_["entries"], listed_["waiting"]) == (3, 0)
    event = AuditEvent.objects.get(action="suppression.upload")
    assert (event.channel, event.client_id) == ("api", caller.client.id)


def test_entries_are_added_and_a_repeat_does_no_harm(caller: Caller, now: datetime) -> None:
    made = listed(caller.client, [number(1)], as_of=now)
    for _ in range(2):
        answer = caller.post(f"suppression-lists/{made.id}/entries", {"entries": [number(1), number(2)]})
        assert answer.status_code == 200
        tasks_run()
    assert entries_of(made) == 2


def test_a_list_is_removed(caller: Caller, now: datetime) -> None:
    stock(1, as_of=now, borrower_phone=number(1))
    made = listed(caller.client, [number(1)], as_of=now)
    answer = caller.send("DELETE", f"suppression-lists/{made.id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "removing")
    tasks_run()
    assert caller.get("suppression-lists").json() == {"lists": []}
    assert pairs(caller.client) == {}
    gone = caller.send("DELETE", f"suppression-lists/{made.id}")
    assert (gone.status_code, gone.json()["detail"]["error"]) == (404, "suppression_list_not_found")


def test_wrong_entries_are_named_by_their_places_and_nothing_is_kept(caller: Caller) -> None:
    toll_free = f"800{number(1)[3:]}"
    body = {"name": "Ours", "entries": [number(1), "nobody", number(2), toll_free, ""]}
    answer = caller.post("suppression-lists", body)
    assert answer.status_code == 422
    assert [(one["loc"], one["type"]) for one in answer.json()["detail"]] == [
        (["body", "entries", place], "no_entry") for place in (1, 3, 4)
    ]
    assert Fault.TOLL_FREE.value in answer.json()["detail"][1]["msg"]
    assert "nobody" not in answer.content.decode()
    assert toll_free not in answer.content.decode()
    assert not SuppressionList.objects.exists()
    assert not SuppressionUpload.objects.exists()


@pytest.mark.parametrize("entries", [[], [1], ["1" * 101], "text", None])
def test_entries_are_texts_one_at_least(caller: Caller, entries: object) -> None:
    assert caller.post("suppression-lists", {"name": "Ours", "entries": entries}).status_code == 422
    assert not SuppressionList.objects.exists()


def test_a_hundred_thousand_entries_are_one_call_and_one_more_is_too_many(caller: Caller) -> None:
    entries = [sha256(str(n).encode()).hexdigest() for n in range(100_001)]
    refused = caller.post("suppression-lists", {"name": "Ours", "entries": entries})
    assert refused.status_code == 422
    assert not SuppressionPiece.objects.exists()
    assert caller.post("suppression-lists", {"name": "Ours", "entries": entries[1:]}).json()["waiting"] == 100_000


def test_a_body_is_limited_here_and_as_before_elsewhere(caller: Caller) -> None:
    large = {"name": "Ours", "entries": ["x" * 99] * 90_000}
    assert caller.post("suppression-lists", large).status_code == 413
    assert caller.post("availability", {"criteria": ["x" * 99] * 3_000}).status_code == 413


def test_a_name_that_is_taken_and_a_list_that_is_over(caller: Caller, now: datetime) -> None:
    made = listed(caller.client, [number(1)], as_of=now)
    taken = caller.post("suppression-lists", {"name": "OURS", "entries": [number(2)]})
    assert (taken.status_code, taken.json()["detail"]["error"]) == (409, "suppression_list_name_taken")
    caller.send("DELETE", f"suppression-lists/{made.id}")
    over = caller.post(f"suppression-lists/{made.id}/entries", {"entries": [number(2)]})
    assert (over.status_code, over.json()["detail"]["error"]) == (409, "suppression_list_over")
    tasks_run()
    assert entries_of(made) == 0
