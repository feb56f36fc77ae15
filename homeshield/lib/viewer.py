"""Who the database is queried for; row-level security relies on it.

Policies on sales, orders and similar tables show the web's role one client's rows, and none without a viewer
(docs/decisions, "walls"). The viewer is a transaction-local setting, because requests share pooled connections. It is
sent in one message with the transaction's first statement: no extra round trip, and nothing left behind.

Processes that connect as the tables' owner bypass the policies.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus


@dataclass(frozen=True, slots=True)
class Viewer:
    client_id: UUID | None = None
    is_staff: bool = False

    @property
    def settings_sql(self) -> str:
        """For one transaction."""
        if self.is_staff:
            return "SET LOCAL homeshield.staff = 'on'; "
        if self.client_id:
            return f"SET LOCAL homeshield.client = '{self.client_id}'; "
        return ""


NOBODY = Viewer()
STAFF = Viewer(is_staff=True)

_FORGET = "SET LOCAL homeshield.staff = ''; SET LOCAL homeshield.client = ''; "

_viewer: ContextVar[Viewer] = ContextVar("viewer", default=NOBODY)


@contextmanager
def seen_by(viewer: Viewer) -> Iterator[None]:
    """Queries inside it are for this viewer, or the one that `look_as` sets later."""
    with ExitStack() as stack:
        for alias in connections:
            connection = connections[alias]
            if _declaring not in connection.execute_wrappers:
                stack.enter_context(connection.execute_wrapper(_declaring))
        before = _viewer.set(viewer)
        _tell_open_transactions(viewer)
        try:
            yield
        finally:
            _viewer.reset(before)
            _tell_open_transactions(_viewer.get())


def look_as(viewer: Viewer) -> None:
    """Changes the viewer until the surrounding `seen_by` ends.

    Raises RuntimeError outside `seen_by`, where it would outlive its request.
    """
    if not any(_declaring in connections[alias].execute_wrappers for alias in connections):
        raise RuntimeError("look_as has a place within seen_by alone.")
    _viewer.set(viewer)
    _tell_open_transactions(viewer)


def declare(connection: BaseDatabaseWrapper) -> None:
    """For COPY, which bypasses Django's cursors."""
    _say(connection, _viewer.get().settings_sql)


def _say(connection: BaseDatabaseWrapper, statements: str) -> None:
    """Bypasses the execute wrappers."""
    if statements:
        with connection.wrap_database_errors:
            connection.connection.execute(statements)


def _declaring(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Prefixes a transaction's first statement with the viewer's settings."""
    connection, statements = context["connection"], _viewer.get().settings_sql
    if not statements or connection.connection.info.transaction_status != TransactionStatus.IDLE:
        return execute(sql, params, many, context)
    cursor = context["cursor"].cursor
    if many or not isinstance(sql, str) or not isinstance(cursor, psycopg.ClientCursor):
        # Named cursors, pipelines and separate parameters need several messages.
        with transaction.atomic(using=connection.alias):
            _say(connection, statements)
            return execute(sql, params, many, context)
    # One message is one transaction, even in autocommit.
    answer = execute(statements + sql, params, many, context)
    cursor.nextset()  # skips SET's result
    return answer


def _tell_open_transactions(viewer: Viewer) -> None:
    """For a transaction around the request, as in tests."""
    for connection in connections.all(initialized_only=True):
        if (
            connection.connection is not None
            and not connection.connection.closed
            and connection.connection.info.transaction_status == TransactionStatus.INTRANS
        ):
            _say(connection, _FORGET + viewer.settings_sql)
