"""Made-up requests against every operation of the description: no 5xx, and no answer that it does not describe."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from pytest_django import Settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from homeshield.wsgi import application
from sales.models import Order
from tests.api.conftest import Caller
from tests.api.test_reference import by_criteria, line
from tests.factories import stock

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture(autouse=True)
def shop(caller: Caller, now: datetime, settings: Settings) -> Iterator[None]:
    """A shop that has sold something, and lets a key call as often as it likes."""
    settings.API_CALLS_PER_MINUTE = settings.API_CALLS_AT_ONCE = 1_000_000
    stock(40, as_of=now)
    by_criteria(caller, line(2))
    # They would close the connection of the test's transaction (Django's own test client keeps them off as well).
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: Case[Any], caller: Caller) -> None:
    if isinstance(case.body, dict) and "client_id" in case.body:
        case.body["client_id"] = str(caller.client.id)  # any other is refused before it is looked at
    if case.meta and not case.meta.generation.mode.is_negative:
        case.query.pop("cursor", None)  # opaque: no description says which there are
        if "Idempotency-Key" in case.headers:  # one that came before with another body is refused
            case.headers["Idempotency-Key"] = str(uuid4())
        if "order_id" in case.path_parameters:
            case.path_parameters["order_id"] = str(Order.objects.values_list("id", flat=True)[0])
    # In an address everything is text: a list that is no county by its type may be one as it is written.
    untyped = [negative_data_rejection] if case.method.upper() == "GET" else []
    case.call_and_validate(headers={"Authorization": f"Bearer {caller.token}"}, excluded_checks=untyped)  # type: ignore[arg-type]
