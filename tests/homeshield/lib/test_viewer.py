"""Who looks is told to the database for one transaction, and stays nowhere."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from django.db import DataError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper

from homeshield.accounts.models import Client
from homeshield.lib.viewer import STAFF, Viewer, declare, look_as, seen_by
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db(transaction=True)

ASK = "SELECT current_setting('homeshield.client', true), current_setting('homeshield.staff', true)"


def told(cursor: CursorWrapper | None = None) -> tuple[str, str]:
    """What the database knows of client and staff, in a statement as all others are."""
    with cursor or connection.cursor() as asking:
        asking.execute(ASK)
        client, staff = asking.fetchone()
        return client or "", staff or ""


def left_behind() -> tuple[str, str]:
    """What the same connection still knows, asked past Django."""
    client, staff = connection.connection.execute(ASK).fetchone()
    return client or "", staff or ""


def test_each_transaction_knows_who_looks_and_the_connection_forgets_it() -> None:
    client = uuid4()
    with seen_by(Viewer(client)):
        assert told() == (str(client), "")
        assert left_behind() == ("", "")
        with transaction.atomic():
            with transaction.atomic():  # its savepoint is the first statement
                assert told() == (str(client), "")
            assert told() == (str(client), "")
        assert left_behind() == ("", "")
    assert told() == ("", "")


def test_a_request_says_on_its_way_who_it_comes_from() -> None:
    client = uuid4()
    with seen_by(Viewer(client)):
        look_as(STAFF)
        assert told() == ("", "on")
        with seen_by(Viewer(client)):
            assert told() == (str(client), "")
        assert told() == ("", "on")
        with transaction.atomic():
            assert told() == ("", "on")
            look_as(Viewer(client))  # in the middle of a transaction
            assert told() == (str(client), "")
    with pytest.raises(RuntimeError):
        look_as(STAFF)


def test_a_statement_answers_as_it_would_by_itself() -> None:
    kept = ClientFactory(name="100 %s")
    with seen_by(Viewer(uuid4())):
        assert Client.objects.filter(id=kept.id).update(name="50 %") == 1
        assert [one.name for one in Client.objects.iterator(chunk_size=1)] == ["50 %"]  # a named cursor
        made = Client.objects.bulk_create([Client(name=f"Agency {n}") for n in range(3)])
        assert len({one.id for one in made}) == 3
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE clients SET name = 'Many' WHERE id = %s", [[one.id] for one in made])
        assert Client.objects.filter(name="Many").count() == 3
        assert Client.objects.filter(name="none").delete() == (0, {})
        kept.refresh_from_db()
        with pytest.raises(DataError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert left_behind() == ("", "")
        assert told() != ("", "")


def test_copy_goes_past_djangos_cursors_and_is_told_by_hand() -> None:
    client = uuid4()
    with seen_by(Viewer(client)), transaction.atomic(), connection.cursor() as cursor:
        declare(connection)
        with cursor.copy("COPY (SELECT current_setting('homeshield.client', true)) TO STDOUT") as copy:
            assert b"".join(map(bytes, copy)).decode().strip() == str(client)


def test_requests_that_share_one_connection_are_kept_apart() -> None:
    """A pool of one: every transaction runs on the connection that another client's has just left."""
    settings = connections["default"].settings_dict["OPTIONS"]["pool"]
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    before, settings["max_size"] = settings["max_size"], 1

    def ask(client: UUID) -> bool:
        seen, unseen = set(), set()
        for _ in range(20):
            with seen_by(Viewer(client)):
                seen.add(told())
            connection.close()  # at the end of a request: back into the pool
            unseen.add(told())
            connection.close()
        return (seen, unseen) == ({(str(client), "")}, {("", "")})

    try:
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(ask, [uuid4() for _ in range(4)]))
    finally:
        connection.close_pool()  # type: ignore[attr-defined]
        settings["max_size"] = before
