"""Idempotency keys: under one key, a client's request is carried out once."""

from sales.errors import InvalidIdempotencyKey

MAX_LENGTH = 255
"""In characters, as the column counts them."""


def require_valid(key: str) -> None:
    """Raises InvalidIdempotencyKey for one that the database cannot hold, or nobody can read: 1 to 255 printable
    characters (a blank is one; NUL, line ends and lone surrogates are none)."""
    if not (1 <= len(key) <= MAX_LENGTH and key.isprintable()):
        raise InvalidIdempotencyKey(most=MAX_LENGTH)
