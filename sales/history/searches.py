"""What somebody looks for among purchased leads: a name or a number, so it stands in no address. The session keeps it
under a key, and the address has the key."""

from secrets import token_urlsafe

from django.contrib.sessions.backends.base import SessionBase

_NAME = "lead_searches"
_KEPT = 10


def search_keep(session: SessionBase, text: str) -> str:
    """Returns the key. The oldest of eleven goes."""
    kept: dict[str, str] = session.get(_NAME, {})
    known = next((key for key, earlier in kept.items() if earlier == text), None)
    key = known or token_urlsafe(9)
    session[_NAME] = dict([*((other, kept[other]) for other in kept if other != key), (key, text)][-_KEPT:])
    return key


def search_text(session: SessionBase, key: str) -> str | None:
    """None if it is no longer kept, or of another session."""
    kept: dict[str, str] = session.get(_NAME, {})
    return kept.get(key)
