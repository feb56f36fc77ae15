"""Tasks for the tests of background work. A worker's process imports them by name."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from homeshield.lib.origin import origin
from homeshield.lib.tasks import background

SECRET = "a row of somebody's data"


@background
def session_make(key: str) -> None:
    """Writes where it runs into a row that a test can see."""
    Session.objects.create(session_key=key, session_data=origin().source, expire_date=timezone.now())


@background
def sessions_collide(key: str) -> None:
    """The second row violates the primary key, and PostgreSQL repeats what the row holds."""
    both = [Session(session_key=key, session_data=SECRET, expire_date=timezone.now()) for _ in range(2)]
    Session.objects.bulk_create(both)


@background
def speak(words: str) -> None:
    raise ValueError(words)
