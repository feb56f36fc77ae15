"""The shop for gunicorn, with hashes that take two seconds: time passes, and the processors are free for pages."""

import time
from collections.abc import Callable
from typing import Any

import argon2

from homeshield.wsgi import application as application


def slowed(work: Callable[..., Any]) -> Callable[..., Any]:
    def slow(*arguments: Any, **named: Any) -> Any:
        time.sleep(2)
        return work(*arguments, **named)

    return slow


argon2.low_level.hash_secret = slowed(argon2.low_level.hash_secret)
argon2.PasswordHasher.verify = slowed(argon2.PasswordHasher.verify)  # type: ignore[method-assign]
