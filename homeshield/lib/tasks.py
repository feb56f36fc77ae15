"""Background work: Django's tasks, run by `manage.py db_worker`.

Three rules for every task of ours (docs/background.md):

- Its arguments are ids, never personal data: they stay in the table.
- It may run twice or stop anywhere. The app's tables say what is left to do.
- It is enqueued in the transaction that creates its work.
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
    """Replaces a task's exception in its row, because messages may hold row data."""


def background[**P](work: Callable[P, None]) -> Task[P, None]:
    """Makes a function a task, named `task NAME` in the audit record and the log.

    The log gets the traceback, the task's row only the error's kind.
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
    cause = error.__cause__ or error  # Django wraps psycopg's errors
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return f"{kind}, SQLSTATE {cause.sqlstate}"
    return f"{kind}, {error.code}" if isinstance(error, DomainError) else kind
