"""Compares column names as people write them."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from homeshield.lib.characters import INVISIBLE

_WORDS = re.compile(r"[^\W_]+")
_NUMBER = dict.fromkeys(("no", "nr", "num", "number"), "id")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
LIKENESS = 0.75
"""From here on, two names are spellings of one: "Mortgage Nr." for "Mortgage ID", "Sorce" for "Source"."""


def folded(name: str) -> str:
    """Without case, blanks, invisible characters and punctuation."""
    return "".join(_words(name))


def near_misses(wanted: str, names: Iterable[str]) -> list[str]:
    """Up to three names that may mean the wanted one, closest first."""
    likeness = {name: _likeness(wanted, name) for name in names}
    near = [name for name, value in likeness.items() if value >= LIKENESS]
    return sorted(near, key=likeness.__getitem__, reverse=True)[:3]


def _likeness(wanted: str, name: str) -> float:
    """From 0 to 1. If one name has all the words of the other, at least LIKENESS."""
    ours, theirs = ([_NUMBER.get(word, word) for word in _words(text)] for text in (wanted, name))
    spelling = SequenceMatcher(None, "".join(ours), "".join(theirs)).ratio()
    related = theirs and (set(ours) <= set(theirs) or set(theirs) <= set(ours))
    return max(spelling, LIKENESS) if related else spelling


def _words(name: str) -> list[str]:
    return _WORDS.findall(_INVISIBLE.sub(" ", name).casefold())
