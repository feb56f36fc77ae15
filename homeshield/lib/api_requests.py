"""Strict reading of API requests, so that no typo becomes a purchase."""

import json
import re
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Annotated, Any, get_args, get_origin, get_type_hints, override
from uuid import UUID

from django.http import HttpRequest
from ninja.errors import ValidationError
from ninja.params.models import Query
from ninja.parser import Parser

ANYWHERE = "client_id"
"""Every operation takes it."""

_LONGEST_INTEGER = 300  # digits: within Python's limit and a float's range


class StrictParser(Parser):
    """Reads JSON strictly by RFC 8259: no NaN, no duplicate names (the second would win)."""

    @override
    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Raises UnusableText, or a ValueError or RecursionError that `why_no_json` explains."""
        text = request.body.decode("utf-8-sig")
        parsed: dict[str, Any] = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_number, parse_int=_integer
        )
        if "\\u" in text and (mistakes := list(_unusable(parsed, ("body",)))):
            raise UnusableText(mistakes)
        return parsed


class UnusableText(ValueError):
    """Texts that PostgreSQL or UTF-8 cannot hold."""

    def __init__(self, mistakes: list[dict[str, Any]]) -> None:
        super().__init__("a text holds NUL or half of a character")
        self.mistakes = mistakes


_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL refuses, and lone surrogates, which UTF-8 cannot encode."""


def _unusable(part: Any, place: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    match part:
        case str() if found := _UNUSABLE.search(part):
            what = "NUL" if found[0] == "\x00" else "half of a surrogate pair"
            said = f"This text holds U+{ord(found[0]):04X} ({what}). Leave it out, or send the whole character."
            yield {"loc": list(place), "msg": said, "type": "string_unicode"}
        case dict():
            for name, value in part.items():
                shown = (*place, _UNUSABLE.sub("\ufffd", name))
                yield from _unusable(name, shown)
                yield from _unusable(value, shown)
        case list():
            for number, value in enumerate(part):
                yield from _unusable(value, (*place, number))


def why_no_json(error: BaseException | None) -> str:
    match error:
        case json.JSONDecodeError():
            return f"The request body is not valid JSON: {error}"
        case UnicodeDecodeError():
            return "The request body is not valid JSON: it is not UTF-8 text."
        case RecursionError():
            return "The request body is not valid JSON: it is nested too deeply."
        case _:
            return f"The request body is not valid JSON: {error}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{json.dumps(twice[0])} appears twice in one object. Send it once.")
    return made


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number.")


def _integer(digits: str) -> int | float:
    """Longer numbers become a float, mostly infinity, which the field refuses."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def refuse_unknown_parameters[**P, Answer](operation: Callable[P, Answer]) -> Callable[P, Answer]:
    """Makes an operation raise ninja's ValidationError for an unknown or repeated query parameter.

    A misspelled filter would otherwise buy more than was asked for.
    """
    known = _query_names(operation)

    @wraps(operation)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Answer:
        request = args[0]
        assert isinstance(request, HttpRequest)
        if request.GET and (mistakes := _mistakes(request, known)):
            raise ValidationError(mistakes)
        return operation(*args, **kwargs)

    return wrapped


def _query_names(operation: Callable[..., Any]) -> list[str]:
    hints = get_type_hints(operation, include_extras=True).values()
    annotated = [get_args(hint) for hint in hints if get_origin(hint) is Annotated]
    queries = [model for model, *notes in annotated if any(isinstance(note, Query) for note in notes)]
    return sorted(name for model in queries for name in model.model_fields)


def _mistakes(request: HttpRequest, known: list[str]) -> list[dict[str, Any]]:
    there_are = f"Those that there are: {', '.join(known)}." if known else "It takes none."
    found = []
    for name, values in request.GET.lists():
        if name not in known and name != ANYWHERE:
            text, kind = f"This operation has no parameter of this name. {there_are}", "extra_forbidden"
        elif len(values) > 1:
            text, kind = "The parameter is there more than once. Send it once.", "repeated"
        elif name == ANYWHERE and not _is_id(values[0]):
            text, kind = "The client_id is not a UUID.", "uuid_parsing"
        else:
            continue
        found.append({"loc": ("query", name), "msg": text, "type": kind})
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
