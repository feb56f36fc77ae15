"""The family of refusals: each is a class of data, defined once in the `errors.py` of its app.

A service refuses by raising one and leaves everything as it was. Two places translate it: homeshield/middleware.py
for pages, and the error handler of homeshield/api.py for programs.
"""

from dataclasses import dataclass
from typing import dataclass_transform


@dataclass_transform(kw_only_default=True, eq_default=False)
class DomainError(Exception):
    """A refusal that the user can understand and act on.

    A subclass is a dataclass: its annotated fields are facts, which callers name, as in `QuoteUsed(order_id=order.id)`.
    The message is logged, so no fact holds a homeowner's data.
    """

    code = "domain_error"
    """The kind of refusal, for programs."""

    status = 400
    """The HTTP status."""

    title = "That didn’t work"
    """The heading of the page."""

    sentence = ""
    """What is wrong and what to do, with facts in braces."""

    in_detail: tuple[str, ...] = ()
    """The facts that programs get beside code and message."""

    retry_after: int | None = None
    """After how many seconds the same request may succeed, where waiting is all it needs."""

    def __init_subclass__(cls) -> None:
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        said = {name: ", ".join(map(str, fact)) if _many(fact) else fact for name, fact in vars(self).items()}
        super().__init__(self.sentence.format(**said))

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def detail(self) -> dict[str, object]:
        """What programs are told, as JSON."""
        facts = {name: getattr(self, name) for name in self.in_detail}
        return {"error": self.code, "message": self.message} | {
            name: list(map(str, fact)) if _many(fact) else str(fact) for name, fact in facts.items()
        }


def _many(fact: object) -> bool:
    return isinstance(fact, (list, tuple))
