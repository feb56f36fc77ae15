"""Background work: Django's tasks, kept in the database and run by `manage.py db_worker`.

Three rules hold for every task of ours (docs/background.md):

- Its arguments are ids, never personal data: they stay in the table until they are pruned.
- It may run twice, and may be cut off anywhere. What is still to be done stands in the tables of its app.
- It is enqueued in the transaction that gives it something to do. So both are there, or neither.
"""

import logging
from collections.abc import Callable
from functools import wraps

import psycopg
from django.tasks import Task, task

from homeshield.lib.errors import DomainError
from homeshield.lib.origin import Origin, within

logger = logging.getLogger(__name__)


class TaskFailed(Exception):
    """Stands in a failed task's row for what was raised. It repeats no message, which may hold rows of data."""


def background[**P](work: Callable[P, None]) -> Task[P, None]:
    """Makes a module's function a task. The audit record and the log say `task NAME` for what it does.

    The log gets the traceback, without personal data (homeshield/lib/logs.py). The task's row gets the error's kind.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with within(Origin(channel="command", source=f"task {work.__name__}")):
            try:
                work(*args, **kwargs)
            except Exception as error:
                logger.exception("The task %s failed.", work.__name__)
                raise TaskFailed(_kind(error)) from None

    return task(run)


def _kind(error: Exception) -> str:
    cause = error.__cause__ or error  # Django wraps what psycopg raises
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return f"{kind}, SQLSTATE {cause.sqlstate}"
    return f"{kind}, {error.code}" if isinstance(error, DomainError) else kind
