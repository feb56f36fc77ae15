"""Browsing from a streaming copy: what is read there, one's own purchase, a copy that lags or is away."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connections
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from homeshield.accounts.keys import key_create
from homeshield.accounts.models import User
from homeshield.database_roles.provisioning import roles_provision
from homeshield.lib import embedded_postgres, replica
from homeshield.lib.replica import ALIAS, freshness
from homeshield.lib.viewer import Viewer, seen_by
from homeshield.settings import replica_from_environment
from inventory.allocation.waiting import LONGEST_ORDER
from inventory.models import InventoryRecord
from sales.models import Order, Sale
from tests.factories import UserFactory, stock
from tests.homeshield.lib.embedded_postgres.isolation import wait_until
from tests.sales.purchases import set_prices
from tests.scaling.rewiring import rewired

WEB = "shop_web"
pytestmark = pytest.mark.usefixtures("replica")


def level() -> None:
    """Waits until the copy has all that is committed now."""
    with connections["default"].cursor() as here, connections[ALIAS].cursor() as there:
        here.execute("SELECT pg_current_wal_flush_lsn()")
        written = here.fetchone()[0]

        def reached() -> bool:
            there.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written])
            return bool(there.fetchone()[0])

        wait_until(reached)


@pytest.fixture
def shop(client: Browser, now: datetime) -> Browser:
    """A signed-in buyer's browser; 5 Gold leads are for sale, also on the copy, which is known to be current."""
    set_prices(since=now - timedelta(days=1))
    stock(5, as_of=now)
    client.force_login(UserFactory())
    level()
    assert freshness.is_current()
    return client


@contextmanager
def standing_still() -> Iterator[None]:
    """The copy answers, and gets no further."""
    tell_copy("SELECT pg_wal_replay_pause()")
    try:
        yield
    finally:
        tell_copy("SELECT pg_wal_replay_resume()")


def tell_copy(sql: str) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def asked() -> Iterator[dict[str, list[str]]]:
    """The statements that each of the two servers is asked, once the block has ended."""
    statements: dict[str, list[str]] = {}
    with CaptureQueriesContext(connections["default"]) as here, CaptureQueriesContext(connections[ALIAS]) as there:
        yield statements
    statements["default"] = [query["sql"] for query in here.captured_queries]
    statements[ALIAS] = [query["sql"] for query in there.captured_queries]


def count(shop: Browser) -> int:
    """What the page says can be bought."""
    page = shop.get("/inventory/")
    assert page.status_code == 200
    total: int = page.context["stock"].total
    return total


def buy(shop: Browser, quantity: int) -> None:
    """As on the pages: a line, the order's page, the button."""
    line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": str(quantity)}
    assert shop.post("/order/lines/", line).status_code == 302
    draft = shop.get("/order/").context["draft"]
    sent = {"draft_id": draft.draft_id, "version": draft.version, "expected_total": draft.total}
    assert shop.post("/order/buy/", sent).status_code == 302


def date_back(seconds: int) -> None:
    """Makes the orders that there are older, as if time had passed."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, column in ((Order, "placed_at_utc"), (Sale, "sold_at_utc")):
            cursor.execute(
                f"UPDATE {table._meta.db_table} SET {column} = {column} - %s * interval '1 second'", [seconds]
            )
        cursor.execute("SET session_replication_role = origin")


# --- What is asked where ---


def test_browsing_asks_the_copy_and_only_who_is_looking_is_asked_here(shop: Browser) -> None:
    with asked() as statements:
        assert count(shop) == 5
        shop.get("/inventory/?tab=preview")

    assert [one for one in statements["default"] if "inventory" in one or "lead" in one or "pricing" in one] == []
    for table in ("inventory", "lead_previews", "pricing"):
        assert any(re.search(rf"(FROM|JOIN) {table}\b", one) for one in statements[ALIAS]), table
    assert [one for one in statements[ALIAS] if "session" in one or "users" in one or "draft" in one] == []


@pytest.mark.parametrize("path", ["/inventory?limit=5", "/inventory/facets", "/inventory/locations"])
def test_the_api_browses_there_as_well(shop: Browser, now: datetime, path: str) -> None:
    key = key_create(client_id=User.objects.get().client_id, name="reader", created_by=None, as_of=now)  # type: ignore[arg-type]
    with asked() as statements:
        answer = shop.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {key.token}"})

    assert answer.status_code == 200
    assert [one for one in statements["default"] if "inventory" in one] == []
    assert any("inventory" in one for one in statements[ALIAS])


def test_an_order_asks_the_copy_nothing(shop: Browser) -> None:
    with asked() as statements:
        buy(shop, 2)

    assert statements[ALIAS] == []
    assert Sale.objects.count() == 2


# --- How old the answers are ---


def test_a_buyer_sees_its_own_purchase_at_once_and_others_see_it_soon(shop: Browser) -> None:
    other = Browser()
    other.force_login(UserFactory())
    level()
    with standing_still():
        buy(shop, 2)
        assert count(shop) == 3
        assert count(other) == 5, "as old as it may be: REPLICA_MAX_LAG"

    level()
    assert count(other) == 3


def test_after_a_while_the_buyer_browses_the_copy_again(shop: Browser) -> None:
    buy(shop, 2)
    date_back(settings.REPLICA_MAX_LAG + LONGEST_ORDER)
    level()
    with asked() as statements:
        assert count(shop) == 3
    assert any("FROM inventory" in one for one in statements[ALIAS])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks each time that it is asked, and bears a fifth of a second."""
    monkeypatch.setattr(replica, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(settings, "REPLICA_MAX_LAG", 0.2)
    freshness.forget()


@pytest.mark.usefixtures("impatient")
def test_a_copy_that_lags_too_far_is_left_alone(shop: Browser, now: datetime) -> None:
    with standing_still():
        stock(1, as_of=now, county="Allen")
        time.sleep(0.3)
        assert not freshness.is_current()
        assert count(shop) == 6

    level()
    assert freshness.is_current()


@pytest.mark.usefixtures("impatient")
def test_an_idle_database_does_not_make_the_copy_look_old(shop: Browser) -> None:
    """Where nothing is written, nothing is replayed: the age of the last transaction there says nothing."""
    time.sleep(0.3)
    assert freshness.is_current()


# --- The walls ---


def test_row_level_security_holds_on_the_copy_as_well(shop: Browser) -> None:
    """Both are asked as the web process's role, and told who looks."""
    buy(shop, 2)
    date_back(600)
    roles_provision(role=WEB)
    level()
    own = Viewer(User.objects.get().client_id)
    web = {alias: connections.settings[alias] | {"USER": WEB} for alias in ("default", ALIAS)}
    with rewired("default", web["default"]), rewired(ALIAS, web[ALIAS]):
        with asked() as statements:
            assert count(shop) == 3
        assert any("FROM inventory" in one for one in statements[ALIAS])
        with seen_by(own):
            assert Sale.objects.using(ALIAS).count() == 2
        assert Sale.objects.using(ALIAS).count() == 0


# --- A copy that is away ---


def test_pages_work_while_the_copy_is_stopped_and_use_it_again_afterwards(
    shop: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(replica, "LEAVE_ALONE", 0.0)
    embedded_postgres.replica_stop()
    assert count(shop) == 5  # it is found out in the middle of the page
    assert not freshness.is_current()
    buy(shop, 1)
    assert count(shop) == 4
    assert "The replica cannot be asked" in caplog.text

    embedded_postgres.replica_start()
    date_back(600)
    level()
    assert freshness.is_current()
    with asked() as statements:
        assert count(shop) == 4
    assert any("FROM inventory" in one for one in statements[ALIAS])


def test_a_process_asks_a_copy_that_is_away_only_now_and_then(shop: Browser, caplog: pytest.LogCaptureFixture) -> None:
    embedded_postgres.replica_stop()
    assert [count(shop) for _ in range(3)] == [5, 5, 5]
    assert caplog.text.count("The replica cannot be asked") == 1


def test_a_database_that_is_no_copy_is_not_browsed(
    shop: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """REPLICA_URL with the primary's own address, or with a copy that has been promoted."""
    monkeypatch.setenv("REPLICA_URL", embedded_postgres.url())
    primary = replica_from_environment()
    assert primary is not None
    freshness.forget()
    with rewired(ALIAS, primary):
        assert not freshness.is_current()
        assert count(shop) == 5
    assert "is not a streaming copy" in caplog.text


def test_a_write_never_goes_to_the_copy(shop: Browser) -> None:
    records = InventoryRecord.objects.filter(lapsed_at_utc__isnull=True)
    with replica.reading_from_replica(), asked() as statements:
        assert records.update(lapsed_at_utc=None) == 5
    assert statements[ALIAS] == []

    with pytest.raises(DatabaseError, match="read-only transaction"):  # a stray one fails, and is not lost
        records.using(ALIAS).update(lapsed_at_utc=None)
