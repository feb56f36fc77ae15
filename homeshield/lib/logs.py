"""The log: JSON for machines or lines for people, each with its request, and nothing about a person.

All lines, of libraries too, pass the same three walls. An exception's message is kept only if it is about code: others
repeat rows, cells and what somebody typed (PostgreSQL's DETAIL does). Local variables, bodies, query strings and SQL
are left out. Whatever looks like an email address is removed at the end.
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
"""Their messages hold names of code, or our own words for a refusal."""

_E_MAIL = re.compile(r"[^\s@\"'<>()\[\]{},;:=|]+@[^\s@\"'<>()\[\]{},;:=|]+\.[A-Za-z]{2,}")


def formatter(*, as_json: bool) -> logging.Formatter:
    """Formats every line: as one JSON object, or as text for a terminal."""
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
    """Makes `structlog.get_logger` write to the standard library's loggers, with their levels and handlers."""
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
    """The address without its query; the route instead if a part is more than a number or an id (a reset key)."""
    match = request.resolver_match
    if match is None or all(isinstance(value, (int, UUID)) for value in match.kwargs.values()):
        return request.path
    return f"/{match.route}"


def _add_origin(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Adds the request or command, by the same id as the answer's header and the audit record."""
    request = getattr(event.get("_record"), "request", None)
    whence = getattr(request, "origin", None) or origin_or_none()  # Django has a last word when middleware is done
    if isinstance(whence, Origin):
        event.setdefault("request_id", whence.request_id)
        if whence.channel == "command":
            event.setdefault("command", whence.source)
    return event


def _add_traceback(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Keeps the traceback of errors only: Django also adds one to the warning about each refused page (403)."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if not given or event.get("level") not in {"error", "critical"}:
        return event
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exception()
    if error is not None:
        event["exception"] = traceback_text(error)
    return event


def traceback_text(error: BaseException) -> str:
    """Where it went wrong, cause first: files, lines, our source, and what is safe to say of each exception."""
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
    """Makes the address safe in what Django and gunicorn say about a request."""
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
    return homeowner_fields() - {"address"}  # the log's own word for where a request went


def _without_homeowners(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Drops whatever has the name of a field about a homeowner. Before the models are loaded, nobody has one."""
    if not apps.models_ready:
        return event
    return {key: value for key, value in event.items() if key not in _of_homeowners()}


def _without_e_mail_addresses(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """The last wall: removes email addresses, whoever wrote them into a line."""
    return {key: _E_MAIL.sub("[email]", value) if isinstance(value, str) else value for key, value in event.items()}


_COMMON: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_origin,
    _add_traceback,
]
