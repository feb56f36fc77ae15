"""Whatever staff pages are sent, they answer; and nobody is found by what describes the person, or by a secret."""

import logging
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.test import Client as Browser
from django.test import RequestFactory

from homeshield.accounts.models import ApiKey
from homeshield.audit.models import AuditEvent
from homeshield.lib.personal_data import About, fields_about
from homeshield.lib.staff_pages import StaffPages
from tests.matrix.people import GROUPS, World, world
from tests.matrix.staff_crawl import everything, one_for_each_page, page, site_models, unknown_filters

pytestmark = pytest.mark.django_db

ANSWERS = frozenset({200, 302, 400, 403, 404, 405, 409, 422})
SECRETS: dict[type[Model], frozenset[str]] = {ApiKey: frozenset({"digest"})}
NONE: frozenset[str] = frozenset()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of requests, each with a line in the log, would take longer to write down than to answer."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def everybody(now: datetime) -> World:
    return world(now)


def browser_of(everybody: World, who: str) -> Browser:
    browser = Browser(raise_request_exception=False)
    browser.force_login(everybody.staff[who])
    return browser


def test_no_page_fails_whatever_it_is_sent(everybody: World) -> None:
    """A superuser sends everything; each group one of it to each page, another one than the group before."""
    boss = browser_of(everybody, "superuser")
    requests = everything(boss)
    failed = [str(request) for request in requests if request.send(boss).status_code not in ANSWERS]
    for number, group in enumerate(GROUPS):
        browser = browser_of(everybody, group)
        statuses = [(request, request.send(browser).status_code) for request in one_for_each_page(requests, number)]
        failed += [f"{group}: {request}" for request, status in statuses if status not in ANSWERS]
        assert {200, 403} <= {status for _, status in statuses}, f"{group} opens some pages, and others not"
    assert failed == []


def test_no_list_is_filtered_by_what_describes_a_person_or_by_a_secret(everybody: World) -> None:
    browser = browser_of(everybody, "superuser")
    filters = [
        (page(model, "changelist"), {name + ending: "1"})
        for model in site_models()
        for name in fields_about(model, About.HOMEOWNER) | fields_about(model, About.ACCOUNT) | SECRETS.get(model, NONE)
        for ending in ("", "__startswith", "__isnull")
        if model is not AuditEvent  # a list of its own, with a form of filters
    ]
    answers = [(address, query, browser.get(address, query).status_code) for address, query in filters]
    assert [answer for answer in answers if answer[2] != 400] == []
    assert len(answers) > 60


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/admin/sales/sale/", {"lead__last_name__startswith": "F"}),
        ("/admin/inventory/inventoryrecord/", {"lead__city": "Pecanville"}),
        ("/admin/accounts/client/", {"users__email__startswith": "a"}),
        ("/admin/accounts/user/", {"password__startswith": "md5"}),
        ("/admin/accounts/apikey/", {"created_by__email": "x"}),
    ],
)
def test_nor_by_way_of_another_table(everybody: World, address: str, query: dict[str, str]) -> None:
    assert browser_of(everybody, "superuser").get(address, query).status_code == 400


def test_what_a_list_offers_it_does(everybody: World) -> None:
    browser = browser_of(everybody, "superuser")
    answer = browser.get("/admin/accounts/client/", {"status__exact": "active"})
    assert [client.status for client in answer.context["cl"].result_list] == ["active", "active"]


def test_a_term_that_is_too_long_is_said_to_be(everybody: World) -> None:
    answer = browser_of(everybody, "superuser").get("/admin/accounts/client/", {"q": "a" * 201})
    assert "Search for 200 characters at most." in answer.content.decode()


def test_no_list_takes_a_filter_that_it_does_not_show(rf: RequestFactory) -> None:
    """By its own word, for every field; the pages are asked for some of them above."""
    request = rf.get("/")
    request.user = AnonymousUser()
    pages = [
        (model, name, one)
        for model, one in admin.site._registry.items()
        for name in unknown_filters(model)
        if name not in {getattr(shown, "parameter_name", shown) for shown in one.get_list_filter(request)}
    ]
    assert [(model, name) for model, name, one in pages if one.lookup_allowed(name, "1", request)] == []
    assert len(pages) > 500


def test_every_page_stands_on_the_shared_base() -> None:
    assert {model for model in site_models() if not isinstance(admin.site._registry[model], StaffPages)} == set()
