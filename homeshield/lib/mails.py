"""Mails in the site's look: the text that a template makes, and the same text as HTML, so that the two never differ."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

_SIGNATURE = re.compile(r"\n-- ?\n.*\Z", re.DOTALL)
_FACT = re.compile(r"([A-Z][A-Za-z -]{1,30}): +(\S.*)")
_CODE = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_LONGEST_CODE = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph (its lines), `facts` (name and value), a `link` or a `code` that stands alone."""

    kind: str
    lines: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()


def mail_message(
    subject: str, text: str, to: Sequence[str], *, headers: Mapping[str, str] | None = None
) -> EmailMultiAlternatives:
    """From DEFAULT_FROM_EMAIL, as text and as HTML."""
    message = EmailMultiAlternatives(subject, text, None, list(to), headers=dict(headers or {}))
    html_attach(message)
    return message


def html_attach(message: EmailMultiAlternatives) -> None:
    """Adds the HTML of a message's text."""
    context = {"subject": message.subject, "parts": list(_parts(str(message.body)))}
    message.attach_alternative(render_to_string("email/base.html", context), "text/html")


def mail_send(subject: str, text: str, to: Sequence[str]) -> None:
    """Raises OSError; SMTPException is a subclass."""
    mail_message(subject, text, to).send()


def _parts(text: str) -> Iterator[Part]:
    """Without the signature: the HTML has its own."""
    for paragraph in re.split(r"\n\s*\n", _SIGNATURE.sub("", text.strip() + "\n").strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        facts = [fact.groups() for line in lines if (fact := _FACT.fullmatch(line))]
        if len(facts) == len(lines) > 1:
            yield Part("facts", facts=[(name, value) for name, value in facts])
        elif len(lines) == 1 and re.fullmatch(r"https?://\S+", lines[0]):
            yield Part("link", lines)
        elif len(lines) == 1 and _CODE.fullmatch(lines[0]) and len(lines[0]) <= _LONGEST_CODE:
            yield Part("code", lines)
        else:
            yield Part("paragraph", lines)
