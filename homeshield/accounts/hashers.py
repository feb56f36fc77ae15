"""How passwords are hashed: by Argon2id, few at once, and not too often for one address (decisions/0018).

A hash is dear on purpose, so whoever makes us compute many could stall the site. Everything that hashes goes through
here: sign-in, sign-up, change and reset of a password, invitations, the staff pages.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, override

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher
from django.utils import timezone

from homeshield.accounts.allowances import hash_spend
from homeshield.accounts.errors import PasswordsBusy
from homeshield.lib.origin import origin


class Gate:
    """Lets so many threads of this process work at once, and so many more wait for `patience` seconds.

    The others are refused at once, because a thread that waits serves nobody else meanwhile.
    """

    def __init__(self, *, at_once: int, waiting: int, patience: float) -> None:
        self._room, self._turn = BoundedSemaphore(at_once + waiting), BoundedSemaphore(at_once)
        self._patience = patience

    @property
    def is_full(self) -> bool:
        """Whether nobody could enter just now: for who can refuse before other work is done."""
        if self._room.acquire(blocking=False):
            self._room.release()
            return False
        return True

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Raises PasswordsBusy where there is no room, or the wait was in vain."""
        if not self._room.acquire(blocking=False):
            raise PasswordsBusy
        try:
            _count()
            if not self._turn.acquire(timeout=self._patience):
                raise PasswordsBusy
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._room.release()


def _count() -> None:
    """Counts a hash for the address that asks for it. Raises TooManyPasswords. Commands have no address."""
    if (address := origin().address) is not None:
        hash_spend(address=address, as_of=timezone.now())


GATE = Gate(
    at_once=settings.PASSWORD_HASHES_AT_ONCE, waiting=settings.PASSWORD_HASHES_WAITING, patience=settings.PASSWORD_WAIT
)


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with what OWASP names as the least: 46 MiB, one pass, one lane; some 50 ms of one core."""

    time_cost = 1
    memory_cost = 47_104
    parallelism = 1

    @override
    def encode(self, password: str, salt: str) -> str:
        with GATE.enter():
            encoded: str = super().encode(password, salt)
        return encoded

    @override
    def verify(self, password: str, encoded: str) -> bool:
        with GATE.enter():
            is_right: bool = super().verify(password, encoded)
        return is_right


class EarlierHasher(PBKDF2PasswordHasher):
    """Of accounts from before Argon2: read, and hashed anew at the next sign-in. Its `verify` calls `encode`."""

    @override
    def encode(self, password: str, salt: str, iterations: int | None = None) -> Any:
        with GATE.enter():
            return super().encode(password, salt, iterations)
