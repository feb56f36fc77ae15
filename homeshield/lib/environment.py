"""Strict reads of the environment; django-environ would guess.

An empty variable counts as absent. All raise ImproperlyConfigured.
"""

from collections.abc import Collection
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from homeshield.lib.numbers import NotANumber, read_whole

_SWITCH = dict.fromkeys(["true", "yes", "on", "1"], True) | dict.fromkeys(["false", "no", "off", "0"], False)


def switch(env: Env, name: str, *, default: bool) -> bool:
    """A misspelled `flase` must not turn anything on."""
    if not (text := env.str(name, default="").strip()):
        return default
    if (on := _SWITCH.get(text.lower())) is None:
        raise ImproperlyConfigured(f"{name} is {text!r}, but can only be {', '.join(_SWITCH)}.")
    return on


def number(env: Env, name: str, *, default: int, least: int) -> int:
    if not (text := env.str(name, default="").strip()):
        return default
    try:
        value = read_whole(text)
    except NotANumber:
        value = least - 1
    if value < least:
        raise ImproperlyConfigured(f"{name} is {text!r}, but must be a whole number, {least} or more.")
    return value


def choice(env: Env, name: str, *, default: str, among: Collection[str]) -> str:
    """Ignores case."""
    text: str = env.str(name, default="").strip() or default
    found = next((word for word in among if word.lower() == text.lower()), None)
    if found is None:
        raise ImproperlyConfigured(f"{name} is {text!r}, but can only be {', '.join(among)}.")
    return found


_LONGEST_TEXT = 500_000


def text_file(env: Env, name: str, *, folder: Path) -> str:
    """The text of the file that a variable names, relative to `folder`; empty without one."""
    named: str = env.str(name, default="").strip()
    if not named:
        return ""
    try:
        text = (folder / named).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ImproperlyConfigured(f"{name} names {named!r}, which cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ImproperlyConfigured(f"{name} names {named!r}, which is not UTF-8 text. Save it as UTF-8.") from None
    if not text.strip():
        raise ImproperlyConfigured(f"{name} names {named!r}, which is empty. Write the text, or remove the setting.")
    if len(text) > _LONGEST_TEXT:
        raise ImproperlyConfigured(f"{name} names {named!r}, which has more than {_LONGEST_TEXT:,} characters.")
    return text.strip()
