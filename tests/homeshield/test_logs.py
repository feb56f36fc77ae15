"""The log: what can be found in it, and what never is."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from homeshield.accounts.models import User
from homeshield.lib.errors import DomainError
from homeshield.lib.logs import formatter, traceback_text
from homeshield.lib.origin import Origin, within
from leads.models import Lead
from sales.models import Order
from tests.factories import PASSWORD, UserFactory, stock
from tests.leads.ingestion.csv_files import csv_bytes, row
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db

LINE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": "2"}


class Log:
    """What is written while a test runs, at the most talkative level there is."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(params=["json", "lines"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    yield from listening(as_json=request.param == "json")


@pytest.fixture
def json_log() -> Iterator[Log]:
    yield from listening(as_json=True)


def listening(*, as_json: bool) -> Iterator[Log]:
    log, root = Log(), logging.getLogger()
    handler = logging.StreamHandler(log.stream)
    handler.setFormatter(formatter(as_json=as_json))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    connection.force_debug_cursor = True  # Django then logs statements with their values, unless it is kept from it
    try:
        yield log
    finally:
        connection.force_debug_cursor = False
        root.setLevel(level)
        root.removeHandler(handler)


@pytest.fixture
def browser() -> Browser:
    return Browser(raise_request_exception=False)


@pytest.fixture
def buyer(now: datetime) -> User:
    set_prices(since=now - timedelta(days=1))
    stock(3, as_of=now)
    return UserFactory()


def personal(*more: str) -> list[str]:
    """What describes people: of every lead there is, of every user, and what a test adds."""
    leads = Lead.objects.values_list("full_name", "last_name", "address", "borrower_phone", "mortgage_id")
    of_leads = [fact for lead in leads for fact in lead if fact]
    return [*of_leads, *User.objects.values_list("email", flat=True), PASSWORD, *more]


def assert_silent_about_people(log: Log, *more: str) -> None:
    assert log.text, "nothing was logged at all"
    assert [fact for fact in personal(*more) if fact.lower() in log.text.lower()] == []


class TestNothingAboutPeople:
    def test_on_a_purchase(self, log: Log, browser: Browser, buyer: User) -> None:
        browser.force_login(buyer)
        browser.post("/order/lines/", LINE)
        draft = browser.get("/order/").context["draft"]
        form = {"draft_id": str(draft.draft_id), "version": str(draft.version), "expected_total": str(draft.total)}
        browser.post("/order/buy/", form)
        page = browser.get(f"/orders/{Order.objects.get().id}/?search=Fontenot").content.decode()
        assert str(Lead.objects.filter(sales__isnull=False).latest("id").full_name) in page
        assert_silent_about_people(log, "search=")
        assert str(buyer.id) in log.text

    def test_on_a_failed_sign_in(self, log: Log, browser: Browser, buyer: User) -> None:
        for typed in (buyer.email, "my-password-typed-here", "somebody@else.example"):
            browser.post("/accounts/login/?next=/orders/?q=Fontenot", {"login": typed, "password": "typed-secret"})
        assert_silent_about_people(log, "my-password-typed-here", "somebody@else.example", "typed-secret", "Fontenot")

    @pytest.mark.parametrize("fault", ["header", "database"])
    def test_on_a_failed_ingest(self, log: Log, tmp_path: Path, fault: str) -> None:
        (file := tmp_path / "june.csv").write_bytes(
            b"Ada Fontenot,3181000102\n" if fault == "header" else csv_bytes(row())
        )
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE leads ADD CONSTRAINT nobody CHECK (first_name <> 'Ada')")
        with pytest.raises(CommandError):
            call_command("ingest_csv", str(file))
        logging.getLogger("after").info("there is a line")
        assert_silent_about_people(log, "Fontenot", "3181000102", "12 Oak St")

    @pytest.mark.parametrize("path", ["/stumble/", "/collide/"])
    def test_on_a_fault_of_ours(self, log: Log, browser: Browser, buyer: User, settings: Settings, path: str) -> None:
        settings.ROOT_URLCONF = "tests.homeshield.failing_urls"
        browser.force_login(buyer)
        response = browser.post(f"{path}?name=Fontenot", {"name": "Fontenot"})
        assert response.status_code == 500
        assert_silent_about_people(log, "name=", "Fontenot")
        assert "failing_urls.py" in log.text, "where it went wrong is told"

    def test_of_the_secret_in_an_address(self, log: Log, browser: Browser) -> None:
        browser.get("/accounts/password/reset/key/1a-secret-key-of-a-reset/")
        assert_silent_about_people(log, "secret-key-of-a-reset")
        assert "/accounts/password/reset/key/" in log.text

    def test_whoever_writes_an_address_into_a_line(self, log: Log) -> None:
        logging.getLogger("a library").warning("no mail to <%s>, %s", "Ada.Fontenot@mail.example", "x@y.example")
        structlog.get_logger("ours").info("invited", to="ada@mail.example")
        assert_silent_about_people(log, "fontenot", "mail.example", "y.example")
        assert log.text.count("[email]") == 3


class TestWhatIsFound:
    def test_a_request_by_the_id_in_its_answer(self, json_log: Log, browser: Browser, buyer: User) -> None:
        browser.force_login(buyer)
        response = browser.get("/orders/?page=2")
        [line] = [one for one in json_log.lines if one["event"] == "request"]
        assert line["request_id"] == response["X-Request-ID"]
        assert line["milliseconds"] > 0
        told = {name: line[name] for name in ("method", "address", "status", "user", "client", "level")}
        assert told == {
            "method": "GET",
            "address": "/orders/",
            "status": 200,
            "user": str(buyer.id),
            "client": str(buyer.client_id),
            "level": "info",
        }
        assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)

    def test_every_line_of_a_request(self, json_log: Log, browser: Browser, buyer: User, settings: Settings) -> None:
        settings.ROOT_URLCONF = "tests.homeshield.failing_urls"
        answers = [browser.get(path) for path in ("/nothing/", "/collide/", "/orders/?page=x")]
        ids = {answer["X-Request-ID"] for answer in answers}
        lines = [line for line in json_log.lines if line["logger"].startswith(("django.request", "homeshield"))]
        assert {line["request_id"] for line in lines} == ids
        assert len(lines) >= 5

    def test_a_fault_by_its_kind_and_what_code_has_to_do_with_it(
        self, json_log: Log, browser: Browser, buyer: User, settings: Settings
    ) -> None:
        settings.ROOT_URLCONF = "tests.homeshield.failing_urls"
        browser.get("/collide/")
        [line] = [one for one in json_log.lines if "exception" in one]
        assert (
            "psycopg.errors.UniqueViolation: sqlstate 23505, table users, constraint users_email" in line["exception"]
        )
        assert 'User.objects.create(email=User.objects.latest("id").email)' in line["exception"]

    def test_refused_pages_without_a_traceback(self, json_log: Log, browser: Browser, buyer: User) -> None:
        Browser(enforce_csrf_checks=True).post("/order/buy/")
        browser.force_login(buyer)
        assert browser.get("/admin/").status_code in {302, 403}
        assert [line for line in json_log.lines if "exception" in line] == []

    def test_commands_by_their_names(self, json_log: Log) -> None:
        with within(Origin(channel="command", source="manage.py ingest_csv", request_id="load-2026")):
            logging.getLogger("leads").info("begun")
        [line] = json_log.lines
        assert (line["event"], line["command"], line["request_id"]) == ("begun", "manage.py ingest_csv", "load-2026")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("Ada Fontenot"), "ValueError"),
        (KeyError("ada"), "KeyError"),
        (AttributeError("'NoneType' object has no attribute 'id'"), "AttributeError: 'NoneType' object has no attri"),
        (DomainError("Give a whole number."), "homeshield.lib.errors.DomainError: Give a whole number."),
    ],
)
def test_messages_are_told_where_they_speak_of_code_alone(error: Exception, said: str) -> None:
    text = traceback_text(error)
    assert text.startswith(said)
    assert "Ada" not in text


def test_causes_are_told_first() -> None:
    try:
        try:
            raise KeyError("ada")
        except KeyError as error:
            raise RuntimeError("Fontenot") from error
    except RuntimeError as error:
        text = traceback_text(error)
    assert text.index("KeyError") < text.index("and then") < text.rindex("RuntimeError")
    assert "Fontenot" not in text.replace('raise RuntimeError("Fontenot")', "")
