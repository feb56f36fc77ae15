"""Every operation of the API, by a key of a company of each status. An operation without a rule fails.

What an operation does with another client's things: tests/api/test_authorisation.py.
"""

import re
from datetime import datetime

import pytest

from homeshield.accounts.models import Client
from homeshield.accounts.permissions import Act, ClientStatus
from homeshield.api import api
from tests.api.conftest import Caller, caller_of
from tests.factories import ClientFactory, UserFactory
from tests.matrix.documentation import may

pytestmark = pytest.mark.django_db

OPERATIONS = {
    ("GET", "inventory"): Act.BROWSE,
    ("GET", "inventory/locations"): Act.BROWSE,
    ("GET", "inventory/facets"): Act.BROWSE,
    ("GET", "prices"): Act.BROWSE,
    ("POST", "availability"): Act.BROWSE,
    ("POST", "quotes"): Act.DRAFT,
    ("POST", "purchases"): Act.BUY,
    ("POST", "purchases/by-criteria"): Act.BUY,
    ("GET", "purchases"): Act.ORDERS,
    ("GET", "purchases/{order_id}"): Act.ORDERS,
    ("GET", "purchases/download"): Act.DOWNLOAD,
    ("GET", "purchases/{order_id}/download"): Act.DOWNLOAD,
    ("GET", "balance"): Act.BALANCE,
    ("GET", "ledger"): Act.BALANCE,
    ("GET", "returns"): Act.RETURN,
    ("POST", "returns"): Act.RETURN,
    ("GET", "notices"): Act.NOTICES,
    ("POST", "notices/{notice_id}/confirm"): Act.NOTICES,
    ("GET", "suppression-lists"): Act.LISTS,
    ("POST", "suppression-lists"): Act.LISTS,
    ("POST", "suppression-lists/{list_id}/entries"): Act.LISTS,
    ("DELETE", "suppression-lists/{list_id}"): Act.LISTS,
}


def test_every_operation_has_a_rule() -> None:
    paths = api.get_openapi_schema(path_prefix="/")["paths"]
    described = {(method.upper(), path.lstrip("/")) for path, methods in paths.items() for method in methods}
    assert described == OPERATIONS.keys() | {("GET", "health")}  # for everybody


@pytest.mark.parametrize("status", ClientStatus)
def test_a_key_does_what_the_documentation_says(now: datetime, status: ClientStatus) -> None:
    caller = _caller(status, now)
    for (method, path), act in OPERATIONS.items():
        answer = caller.send(method, re.sub(r"\{\w+\}", "01890000-0000-7000-8000-000000000000", path), {})
        may_call = may(Act.CALL.label, role="API key", status=status)
        if may_call and may(act.label, role="API key", status=status):
            assert answer.status_code in {200, 404, 422}, (method, path, answer.content)
        else:
            assert answer.status_code == 403, (method, path, answer.content)
            expected = "client_may_not_buy" if may_call and act is Act.BUY else "client_not_active"
            assert answer.json()["detail"]["error"] == expected


def _caller(status: ClientStatus, now: datetime) -> Caller:
    client = ClientFactory()
    caller = caller_of(client, UserFactory(client=client), as_of=now)
    Client.objects.filter(id=client.id).update(status=status)
    return caller
