"""Long arrays as parameters of statements."""

from collections.abc import Iterable
from uuid import UUID


def array_text(values: Iterable[UUID | int | str]) -> str:
    """As PostgreSQL writes an array. psycopg inspects each element of a list, which shows with a thousand of them.

    For values that need no quotes: keys, numbers, NULL.
    """
    return f"{{{','.join(map(str, values))}}}"
