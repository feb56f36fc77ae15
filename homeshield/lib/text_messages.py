"""Text messages to phones, by the sender that the setting TEXT_MESSAGE_SENDER names; without one, none is sent.

A sender is a function of two texts: the ten digits of a US number, and the message. It raises OSError where the message
could not be handed over.
"""

import sys
from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

type Sender = Callable[[str, str], None]


def text_message_sender() -> Sender | None:
    """The sender that is configured; None where there is none. Raises ImportError for a name that is nothing."""
    sender: Sender | None = import_string(settings.TEXT_MESSAGE_SENDER) if settings.TEXT_MESSAGE_SENDER else None
    return sender


def console(number: str, text: str) -> None:
    """For development: prints the message instead of sending it, as the console's mailer does."""
    sys.stdout.write(f"Text message to {number}:\n{text}\n")
    sys.stdout.flush()
