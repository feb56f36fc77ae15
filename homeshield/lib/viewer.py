"""On whose behalf the database is asked: what its row-level security goes by.

The policies of sales, orders and the like show the web process's role the rows of one client alone, and without a
viewer none at all (docs/decisions, "walls"). Who looks is said by a setting that is local to the transaction, because a
pooled connection serves other people's requests in between. It goes in front of the first statement of each
transaction, in the same message, and so costs no round trip and cannot be left behind on the connection.

Processes that connect as the owner of the tables (commands, workers) are not subject to the policies.
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
    """A client, who is shown its own rows, or staff, who are shown everybody's."""

    client_id: UUID | None = None
    is_staff: bool = False

    @property
    def settings_sql(self) -> str:
        """The statements that tell the database, for one transaction; none for nobody."""
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
    """Within it the databases are asked on behalf of this viewer, or of whom `look_as` names later."""
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
    """Until the end of the surrounding `seen_by`, this is who looks: the moment when a request says who it comes from.

    Raises RuntimeError outside of `seen_by`, where it would outlive its request.
    """
    if not any(_declaring in connections[alias].execute_wrappers for alias in connections):
        raise RuntimeError("look_as has a place within seen_by alone.")
    _viewer.set(viewer)
    _tell_open_transactions(viewer)


def declare(connection: BaseDatabaseWrapper) -> None:
    """Tells the database who looks at the transaction under way; for COPY, which goes past Django's cursors."""
    _say(connection, _viewer.get().settings_sql)


def _say(connection: BaseDatabaseWrapper, statements: str) -> None:
    """Past the execute wrappers, in the transaction that it begins or that is under way."""
    if statements:
        with connection.wrap_database_errors:
            connection.connection.execute(statements)


def _declaring(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Django's execute wrapper: puts the viewer's settings in front of a transaction's first statement."""
    connection, statements = context["connection"], _viewer.get().settings_sql
    if not statements or connection.connection.info.transaction_status != TransactionStatus.IDLE:
        return execute(sql, params, many, context)
    cursor = context["cursor"].cursor
    if many or not isinstance(sql, str) or not isinstance(cursor, psycopg.ClientCursor):
        # Not one message of text: a named cursor, a pipeline, or parameters that are sent apart.
        with transaction.atomic(using=connection.alias):
            _say(connection, statements)
            return execute(sql, params, many, context)
    # One message is one transaction, also in autocommit.
    answer = execute(statements + sql, params, many, context)
    cursor.nextset()  # past the answer to SET
    return answer


def _tell_open_transactions(viewer: Viewer) -> None:
    """A transaction around a request, as tests have: its first statement is over."""
    for connection in connections.all(initialized_only=True):
        if (
            connection.connection is not None
            and not connection.connection.closed
            and connection.connection.info.transaction_status == TransactionStatus.INTRANS
        ):
            _say(connection, _FORGET + viewer.settings_sql)
