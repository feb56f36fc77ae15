"""The base class of refusals; each app has its own in `errors.py`.

A service that raises one has changed nothing. homeshield/middleware.py translates it for pages, homeshield/api.py for
programs.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import dataclass_transform

from django.db import IntegrityError, transaction


@dataclass_transform(kw_only_default=True, eq_default=False)
class DomainError(Exception):
    """A refusal that the user can act on.

    A subclass is a dataclass: `QuoteUsed(order_id=order.id)`. The message is logged, so no field may hold a homeowner's
    data.
    """

    code = "domain_error"
    status = 400
    title = "That didn’t work"
    sentence = ""
    """What is wrong and what to do, with fields in braces."""

    in_detail: tuple[str, ...] = ()
    """Fields for programs."""

    retry_after: int | None = None
    """Seconds, if waiting is enough."""

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
        """The API's JSON."""
        facts = {name: getattr(self, name) for name in self.in_detail}
        return {"error": self.code, "message": self.message} | {
            name: list(map(str, fact)) if _many(fact) else str(fact) for name, fact in facts.items()
        }


def _many(fact: object) -> bool:
    return isinstance(fact, (list, tuple))


@contextmanager
def refused_by_database(constraints: Collection[str], refusal: DomainError) -> Iterator[None]:
    """A transaction, or a part of one, that raises `refusal` where one of these constraints refuses it: another was
    quicker. What was done before it stays usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) not in constraints:
            raise
        raise refusal from error
