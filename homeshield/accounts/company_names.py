"""Company names go into mails to others, so they must not contain a link."""

import re
import unicodedata

from homeshield.lib.characters import BLANKS, INVISIBLE

_LINK = re.compile(
    r"""
      \S@\S                         # an email address
    | :/ | \bwww\b | \bxn--         # parts of an address of the web
    | [^\W_]\.[^\W\d_]{2,}         # a domain name: no blank behind the dot, and at least two letters
    | \d+\.\d+\.\d+\.\d+          # an address of the network
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DOTS = re.compile("[\u3002\uff0e\uff61\u2024]")
"""Read or shown as a dot."""

UNSEEN = f"[{INVISIBLE.removeprefix(BLANKS)}]"
"""Invisible and control characters. The database refuses them too."""

LONGEST_IN_MAIL = 60


def company_name_fault(name: str) -> str | None:
    """Returns what is wrong with the name, for the user."""
    if re.search(UNSEEN, name) or not name.isprintable():
        return "A company name has no line breaks, control characters or invisible characters."
    if found := _LINK.search(_DOTS.sub(".", unicodedata.normalize("NFKC", name))):
        return (
            f"A company name can’t contain a web or email address, and “{found[0]}” looks like part of one. Remove it, "
            "or put a space after the dot."
        )
    return None


def name_for_mail(name: str) -> str:
    """Makes a name safe to quote in a mail."""
    shown = "".join(sign if sign.isprintable() else " " for sign in name).replace('"', "'")
    return shown if len(shown) <= LONGEST_IN_MAIL else f"{shown[: LONGEST_IN_MAIL - 1]}…"
