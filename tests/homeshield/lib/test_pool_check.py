"""A restarted database costs a request nothing, however many idle connections the pool holds."""

from threading import Barrier

import pytest
from django.db import connection

from tests.concurrency.parallel import run_together


@pytest.mark.direct
@pytest.mark.django_db(transaction=True)
def test_all_idle_connections_are_replaced_at_the_first_sign_of_a_restart() -> None:
    """With psycopg's own check the first requests fail after ten seconds each."""
    together = Barrier(10)

    def use_a_connection() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            together.wait(timeout=10)

    run_together([use_a_connection] * 10)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 42")
            answer: int = cursor.fetchone()[0]
            return answer

    assert run_together([ask] * 3) == [42, 42, 42]
