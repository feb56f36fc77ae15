"""What the operators' commands have in common: one line for a refusal, one JSON object for programs."""

import argparse
import json
from datetime import UTC, datetime
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


def write_json(command: BaseCommand, answer: dict[str, Any]) -> None:
    """Prints one JSON object and nothing else to standard output."""
    command.stdout.write(json.dumps(answer, indent=2, default=str))
