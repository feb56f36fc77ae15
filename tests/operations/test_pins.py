"""The versions that are installed are the ones that the repository pins, on whatever day and machine."""

import re
from importlib.metadata import distributions

import pytest
from django.conf import settings

from tests.operations.pins import direct_dependencies, pins

OTHER_PLATFORMS = {"colorama", "pywin32", "tzdata"}
"""Packages that are pinned, and installed on Windows only (tzdata: everywhere)."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_installed_package_has_the_pinned_version() -> None:
    installed = {canonical(found.metadata["Name"]): found.version for found in distributions()}
    for tool in ("pip", "setuptools", "wheel", "uv"):
        installed.pop(tool, None)  # of the environment, where somebody made it by hand
    pinned = pins()
    assert {name: version for name, version in installed.items() if pinned.get(name) != version} == {}
    assert pinned.keys() - installed.keys() <= OTHER_PLATFORMS


def test_a_pin_is_a_name_and_a_version_and_names_no_host() -> None:
    text = (settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    assert "://" not in text
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", f"{name}=={version}") for name, version in pins().items())


@pytest.mark.parametrize("name", sorted(direct_dependencies()))
def test_each_direct_dependency_is_pinned_and_explained(name: str) -> None:
    assert name in pins()
    reasons = (settings.BASE_DIR / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert f"\n| {name} |" in reasons
