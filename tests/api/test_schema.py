"""Made-up requests against every operation of the description: no 5xx, and no answer that it does not describe."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from pytest_django import Settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from homeshield.api import api
from homeshield.lib.api_schemas import REQUEST_ID
from homeshield.openapi import HEALTH
from homeshield.wsgi import application
from sales.models import Order
from tests.api.conftest import Caller
from tests.api.test_reference import BOUGHT, CADDO, ITEM, LOCATIONS, SHORTAGE, by_criteria, line
from tests.factories import stock
from tests.inventory.suppression.lists import number

DESCRIPTION: Any = api.get_openapi_schema(path_prefix="/")
COMPONENTS: dict[str, Any] = DESCRIPTION["components"]["schemas"]
OPERATIONS = {f"{method} {path}": one for path, all_ in DESCRIPTION["paths"].items() for method, one in all_.items()}


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """The part with what it refers to; what it says itself goes first."""
    for reference in [part, *part.get("allOf", [])]:
        if "$ref" in reference:
            return resolved(COMPONENTS[reference["$ref"].rpartition("/")[2]]) | part
    return part


def test_every_field_is_described_with_an_example() -> None:
    fields = {
        f"{name}.{field}": resolved(part)
        for name, schema in COMPONENTS.items()
        for field, part in schema.get("properties", {}).items()
    }
    assert [name for name, part in fields.items() if not (part.get("description") and part.get("examples"))] == []


def test_every_parameter_is_described_with_an_example() -> None:
    bare = [
        f"{operation} {parameter['name']}"
        for operation, one in OPERATIONS.items()
        for parameter in one.get("parameters", [])
        if not (parameter.get("description") and ("example" in parameter or parameter["schema"].get("examples")))
    ]
    assert bare == []


def test_every_body_and_every_answer_has_a_whole_example_that_is_true() -> None:
    """A schema's examples satisfy the schema; those of refusals are what the refusals say."""
    contents = {
        f"{operation} {status}": content["application/json"]
        for operation, one in OPERATIONS.items()
        for status, part in [("body", one.get("requestBody", {})), *one["responses"].items()]
        if "application/json" in (content := part.get("content", {}))
    }
    assert len(contents) > 70
    for place, content in contents.items():
        whole = resolved(content["schema"])
        examples = [content["example"]] if "example" in content else whole.get("examples", [])
        assert examples, place
        validator = jsonschema_rs.validator_for(content["schema"] | {"components": {"schemas": COMPONENTS}})
        for one in examples:
            assert [error.message for error in validator.iter_errors(one)] == [], place


def text_schemas(part: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas of the texts in it, and where they are."""
    part = resolved(part)
    for one in [*part.get("anyOf", []), *part.get("oneOf", [])]:
        yield from text_schemas(one, place)
    for name, one in part.get("properties", {}).items():
        yield from text_schemas(one, f"{place}.{name}")
    if "items" in part:
        yield from text_schemas(part["items"], f"{place}[]")
    if part.get("type") == "string":
        yield place, part


def test_no_text_of_a_body_is_described_as_one_that_may_hold_what_postgresql_cannot() -> None:
    found = {
        place: text
        for operation, one in OPERATIONS.items()
        for content in one.get("requestBody", {}).get("content", {}).values()
        for place, text in text_schemas(content["schema"], operation)
    }
    assert len(found) > 25
    free = {place: text for place, text in found.items() if not text.keys() & {"enum", "format"}}
    assert len(free) > 10
    known = {"components": {"schemas": COMPONENTS}}
    assert [place for place, text in free.items() if jsonschema_rs.is_valid(text | known, "a\0b")] == []


def test_the_examples_are_the_reference_s() -> None:
    def example(schema: str) -> Any:
        return COMPONENTS[schema]["examples"][0]

    bought, page = example("PurchaseAnswer"), example("InventoryPage")
    assert {name: bought[name] for name in BOUGHT} == BOUGHT
    assert {name: page["items"][0][name] for name in ITEM} == ITEM
    assert page["total"] == 150
    assert example("PurchaseConflict") == SHORTAGE | {"request_id": REQUEST_ID}
    assert example("Locations") == LOCATIONS
    assert example("CriteriaPurchase")["criteria"] == [CADDO]
    quote = example("QuoteAnswer")
    assert (quote["subtotal"], quote["currency"], quote["total_items"], len(quote["items"])) == ("16.00", "USD", 2, 2)


def test_every_status_is_explained() -> None:
    said = {
        (status, answer["description"]) for one in OPERATIONS.values() for status, answer in one["responses"].items()
    }
    assert {status for status, _ in said} == {
        "200",
        "400",
        "401",
        "402",
        "403",
        "404",
        "409",
        "411",
        "413",
        "422",
        "429",
        "503",
    }
    assert len({text for _, text in said}) == len(said) == 15  # the CSV's 200 is one of its own; so are /health's three


def test_every_header_is_described_and_every_description_used() -> None:
    headers = {
        (operation, status): {reference["$ref"].rpartition("/")[2] for reference in answer["headers"].values()}
        for operation, one in OPERATIONS.items()
        for status, answer in one["responses"].items()
    }
    described = DESCRIPTION["components"]["headers"]
    assert set().union(*headers.values()) == set(described)
    assert all(one["description"] and "example" in one for one in described.values())
    of_the_allowance = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    for (operation, status), names in headers.items():
        assert "X-Request-ID" in names
        assert of_the_allowance <= names or operation == f"get {HEALTH}"
        assert ("Retry-After" in names) == (status in ("429", "503") and operation != f"get {HEALTH}")


def test_an_open_enumeration_names_what_there_is_and_may_grow() -> None:
    kind = resolved(COMPONENTS["AlternativeOffer"]["properties"]["suggestion_type"])
    assert "enum" not in kind
    assert kind["x-extensible-enum"] == [
        "partial", "no_location_filter", "different_age_bucket", "whole_state", "adjacent_county",
        "different_classification",
    ]  # fmt: skip


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture
def shop(caller: Caller, now: datetime, settings: Settings) -> Iterator[None]:
    """A shop that has sold something, and lets a key call as often as it likes."""
    settings.API_CALLS_PER_MINUTE = settings.API_CALLS_AT_ONCE = 1_000_000
    settings.PREVIEWS_PER_DAY = 1_000_000
    settings.API_ATTEMPTS_PER_MINUTE = 1_000_000  # each request is also tried without a key
    stock(40, as_of=now)
    by_criteria(caller, line(2))
    # They would close the connection of the test's transaction (Django's own test client keeps them off as well).
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def lines_of(body: Any) -> list[dict[str, Any]]:
    return body.get("criteria", []) if isinstance(body, dict) else []


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.usefixtures("shop")
def test_every_answer_is_as_described(case: Case[Any], caller: Caller) -> None:
    if isinstance(case.body, dict) and "client_id" in case.body:
        case.body["client_id"] = str(caller.client.id)  # any other is refused before it is looked at
    if case.meta and not case.meta.generation.mode.is_negative:
        case.query.pop("cursor", None)  # opaque: no description says which there are
        case.query.pop("placed_until", None)  # it may lie before placed_from, which no description forbids
        if "Idempotency-Key" in case.headers:  # one that came before with another body is refused
            case.headers["Idempotency-Key"] = str(uuid4())
        if isinstance(case.body, dict) and "entries" in case.body:
            case.body["entries"] = [number(1)]  # which numbers are nobody's, no description says
            case.body |= {"name": str(uuid4())} if "name" in case.body else {}  # each name once
        for asked in lines_of(case.body):
            if asked.get("territory"):  # which places overlap, no description says
                asked["territory"] = asked["territory"][:1]
        if "order_id" in case.path_parameters:
            case.path_parameters["order_id"] = str(Order.objects.values_list("id", flat=True)[0])
    # In an address everything is text: a list that is no county by its type may be one as it is written.
    untyped = [negative_data_rejection] if case.method.upper() == "GET" else []
    headers = {"Authorization": f"Bearer {caller.token}", "Accept-Encoding": "identity"}  # it does not decompress
    case.call_and_validate(headers=headers, excluded_checks=untyped)  # type: ignore[arg-type]
