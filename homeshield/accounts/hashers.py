"""Argon2id, limited in parallel and per address (decisions/0018).

Hashes are expensive on purpose, so anyone who triggers many could stall the site.
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
    """Lets `at_once` threads work while `waiting` more wait up to `patience` seconds. Refuses the rest, which would
    serve nobody.
    """

    def __init__(self, *, at_once: int, waiting: int, patience: float) -> None:
        self._room, self._turn = BoundedSemaphore(at_once + waiting), BoundedSemaphore(at_once)
        self._patience = patience

    @property
    def is_full(self) -> bool:
        """To refuse before other work."""
        if self._room.acquire(blocking=False):
            self._room.release()
            return False
        return True

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Raises PasswordsBusy, TooManyPasswords."""
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
    """Commands have no address."""
    if (address := origin().address) is not None:
        hash_spend(address=address, as_of=timezone.now())


GATE = Gate(
    at_once=settings.PASSWORD_HASHES_AT_ONCE, waiting=settings.PASSWORD_HASHES_WAITING, patience=settings.PASSWORD_WAIT
)


class Argon2Hasher(Argon2PasswordHasher):
    """OWASP's minimum for Argon2id: 46 MiB, one pass, one lane; about 50 ms on one core."""

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
    """Passwords from before Argon2, rehashed at the next sign-in. `verify` calls `encode`."""

    @override
    def encode(self, password: str, salt: str, iterations: int | None = None) -> Any:
        with GATE.enter():
            return super().encode(password, salt, iterations)
