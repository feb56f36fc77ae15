"""Refusals as data: every one that the project defines is complete, and says what its facts are."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from string import Formatter
from uuid import UUID

import pytest

import homeshield.api  # noqa: F401 - with it every app's refusals
from homeshield.lib.errors import DomainError

KEY = UUID("0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5e")
OTHER = UUID("0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5f")
OUR_APPS = ("homeshield.", "leads.", "inventory.", "pricing.", "sales.", "exports.")


def refusals(family: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for one in family.__subclasses__():
        if one.__module__.startswith(OUR_APPS):
            yield one
        yield from refusals(one)


ALL = sorted(refusals(), key=lambda one: (one.__module__, one.__name__))


@pytest.mark.parametrize("refusal", ALL, ids=lambda one: one.__name__)
def test_a_refusal_is_complete(refusal: type[DomainError]) -> None:
    own_words = "__init__" in vars(refusal) and not refusal.sentence  # a refusal that puts its message together
    named = {name.split(".")[0] for _, name, _, _ in Formatter().parse(refusal.sentence) if name}
    assert named | set(refusal.in_detail) <= {one.name for one in fields(refusal)}  # type: ignore[arg-type]
    assert refusal.code != DomainError.code
    assert 400 <= refusal.status < 500 or refusal.status == 503
    assert refusal.title
    assert not refusal.title.endswith(".")
    assert own_words or refusal.sentence.endswith((".", "}", "…"))
    assert (refusal.retry_after is None) or refusal.status in (409, 429, 503)


def test_a_code_belongs_to_one_refusal_and_its_kinds() -> None:
    by_code: dict[str, list[type[DomainError]]] = defaultdict(list)
    for one in ALL:
        by_code[one.code].append(one)
    shared = {
        code for code, them in by_code.items() if not any(all(issubclass(one, root) for one in them) for root in them)
    }
    assert shared == {"rate_limited"}  # of a key's calls, and of a user's


class _Example(DomainError):
    code, status, title = "example", 409, "An example"
    sentence = "{many} cost ${amount:,.2f}. {said}"
    in_detail = ("many", "one")
    many: Sequence[UUID]
    one: UUID
    amount: float
    said: str = "Nothing was done."


def test_the_message_has_the_facts_and_programs_get_those_that_are_named() -> None:
    refusal = _Example(many=[KEY, OTHER], one=OTHER, amount=1234.5)
    assert refusal.message == str(refusal) == f"{KEY}, {OTHER} cost $1,234.50. Nothing was done."
    assert refusal.detail == {
        "error": "example",
        "message": refusal.message,
        "many": [str(KEY), str(OTHER)],
        "one": str(OTHER),
    }


def test_what_a_caller_says_is_not_read_as_a_sentence() -> None:
    assert _Example(many=(KEY,), one=KEY, amount=0, said="{one} {").message.endswith("{one} {")


@pytest.mark.parametrize("facts", [{}, {"many": [], "one": KEY, "amount": 1, "what": 2}])
def test_a_fact_that_is_missing_or_unknown_is_a_mistake_of_ours(facts: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        _Example(**facts)  # type: ignore[arg-type]
