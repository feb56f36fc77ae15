"""What the operators' commands have in common: one line for a refusal, one JSON object for programs."""

import argparse
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import current_thread, main_thread
from typing import Any

from django.core.management.base import BaseCommand


def instant(text: str) -> datetime:
    """An instant on the command line, as ISO 8601 with its offset: `2026-06-01T12:00:00Z`.

    An argparse type: refuses a time without an offset, because nobody can tell which instant it means.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an instant. Write it like 2026-06-01T12:00:00Z or 2026-06-01T08:00:00-04:00."
        ) from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset. Add Z for UTC: {text}Z")
    return at.astimezone(UTC)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Within it SIGTERM (of `kill`, `timeout`, a service manager) is a KeyboardInterrupt, as Ctrl-C is.

    Otherwise it would end the process at once, and what tidies up would not run. Signals reach the main thread alone.
    """
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_json(command: BaseCommand, answer: dict[str, Any]) -> None:
    """Prints one JSON object and nothing else to standard output."""
    command.stdout.write(json.dumps(answer, indent=2, default=str))
