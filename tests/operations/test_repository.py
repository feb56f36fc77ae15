"""What is in the repository: no secrets, and no people but fictional ones."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[baprs]-[0-9A-Za-z-]{10,}"
    r"|sk_live_[0-9A-Za-z]{16,}|hs_live_[a-z0-9]{12}_[a-z0-9]{40}"
)
E_MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})")
FICTIONAL_DOMAIN = re.compile(r"(^|\.)(example|example\.com|test|invalid|localhost|not\.an\.address)$", re.I)
"""Names that are kept for examples, and one of a test's that is no address."""
DROPS_EXAMPLE = r"\(?415\W{0,2}555\W?9317"
"""The number on which California's DROP shows how it makes its hashes."""
TELEPHONE = re.compile(
    rf"(?<![\w.-])(?!2147483648|4294967296|{DROPS_EXAMPLE})\(?[2-9]\d{{2}}\)?[-. ]?(\d{{3}})[-. ]?(\d{{4}})(?![\w-])"
)
"""The exchange of a fictional number begins with 1, as no real one does."""
SOCIAL_SECURITY_NUMBER = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")


def texts() -> Iterator[tuple[str, str]]:
    """Every text file that is kept, or about to be, by its name."""
    root = Path(settings.BASE_DIR)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a checkout of git")
    for name in listed.stdout.splitlines():
        try:
            yield name, (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


def test_nothing_in_the_repository_is_a_secret() -> None:
    assert SECRETS.search("hs_live_" + "a" * 12 + "_" + "b" * 40)
    assert [name for name, text in texts() if SECRETS.search(text)] == []


def test_the_people_in_fixtures_tests_and_examples_are_fictional() -> None:
    found = []
    for name, text in texts():
        if name.startswith(("leads/data/", "static/", "homeshield/lib/data/")):
            continue
        found += [f"{name}: {match[0]}" for match in E_MAIL.finditer(text) if not FICTIONAL_DOMAIN.search(match[1])]
        found += [f"{name}: {match[0]}" for match in SOCIAL_SECURITY_NUMBER.finditer(text)]
        found += [f"{name}: {match[0]}" for match in TELEPHONE.finditer(text) if match[1][0] != "1"]
    assert found == []
