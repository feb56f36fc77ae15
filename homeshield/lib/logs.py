"""The log: JSON or text, each line with its request, and no personal data.

All lines, of libraries too, pass the same filters. An exception's message is kept only if it is about code: others
repeat rows and user input (PostgreSQL's DETAIL does). Local variables, bodies, query strings and SQL are left out.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.apps import apps
from django.http import HttpRequest
from structlog.types import EventDict, Processor, WrappedLogger

from homeshield.lib.errors import DomainError
from homeshield.lib.origin import Origin, origin_or_none
from homeshield.lib.personal_data import homeowner_fields

SPEAK_OF_CODE = (AttributeError, NameError, ImportError, TypeError, NotImplementedError, RecursionError, DomainError)
"""Their messages are about code, or our own words."""

_E_MAIL = re.compile(r"[^\s@\"'<>()\[\]{},;:=|]+@[^\s@\"'<>()\[\]{},;:=|]+\.[A-Za-z]{2,}")


def formatter(*, as_json: bool) -> logging.Formatter:
    last: Processor = (
        structlog.processors.JSONRenderer(sort_keys=True)
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_COMMON,
        processors=[
            _with_safe_request_addresses,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_homeowners,
            _without_e_mail_addresses,
            last,
        ],
    )


def configure() -> None:
    """Routes `structlog.get_logger` through the standard library's loggers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_COMMON,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def address_for_log(request: HttpRequest) -> str:
    """The path without its query, or the route if the path may hold a secret (a reset key)."""
    match = request.resolver_match
    if match is None or all(isinstance(value, (int, UUID)) for value in match.kwargs.values()):
        return request.path
    return f"/{match.route}"


def _add_origin(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    request = getattr(event.get("_record"), "request", None)
    whence = getattr(request, "origin", None) or origin_or_none()  # Django logs once more after the middleware
    if isinstance(whence, Origin):
        event.setdefault("request_id", whence.request_id)
        if whence.channel == "command":
            event.setdefault("command", whence.source)
    return event


def _add_traceback(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Keeps tracebacks of errors only: Django adds one to each 403 too."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if not given or event.get("level") not in {"error", "critical"}:
        return event
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exception()
    if error is not None:
        event["exception"] = traceback_text(error)
    return event


def traceback_text(error: BaseException) -> str:
    """Cause first, with what is safe to log of each exception."""
    parts = [
        "".join(traceback.format_tb(one.__traceback__)) + _said(one) for one in reversed(list(_with_causes(error)))
    ]
    return "\nand then\n".join(parts)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _said(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, SPEAK_OF_CODE):
        return f"{kind}: {error}"
    if isinstance(error, psycopg.Error):
        facts = {"sqlstate": error.sqlstate, "table": error.diag.table_name, "constraint": error.diag.constraint_name}
        return f"{kind}: " + ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    return kind


def _with_safe_request_addresses(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    record: logging.LogRecord | None = event.get("_record")
    if record is None:
        return event
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):
        event["event"] = str(event["event"]).replace(request.path, address_for_log(request))
    elif record.name.startswith("gunicorn"):
        event["event"] = str(event["event"]).partition("?")[0]
    return event


@cache
def _of_homeowners() -> frozenset[str]:
    return homeowner_fields() - {"address"}  # the request's path


def _without_homeowners(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Drops keys named like a homeowner field."""
    if not apps.models_ready:
        return event
    return {key: value for key, value in event.items() if key not in _of_homeowners()}


def _without_e_mail_addresses(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """The last filter."""
    return {key: _E_MAIL.sub("[email]", value) if isinstance(value, str) else value for key, value in event.items()}


_COMMON: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_origin,
    _add_traceback,
]
