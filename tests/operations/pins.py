"""The exact version of every package, as pyproject.toml pins it: `uv run python -m tests.operations.pins` renews them.

The pins stand in [tool.uv] constraint-dependencies, which `uv run` and `uv sync` honor by themselves. They hold names
and versions alone, since a lock file would also name the host of the index that its maker happened to use.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
_TABLE = re.compile(r"^constraint-dependencies = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)


def pins() -> dict[str, str]:
    """The version of each package by its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(pin.split("==") for pin in project["tool"]["uv"]["constraint-dependencies"])


def direct_dependencies() -> set[str]:
    """The names of the packages that pyproject.toml asks for itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *(one for group in project["dependency-groups"].values() for one in group),
    ]
    return {re.split(r"[\[<>=!~; ]", one, maxsplit=1)[0] for one in asked}


def newest() -> dict[str, str]:
    """What the ranges allow today, for every Python and platform; the checkout stays as it is."""
    with TemporaryDirectory() as folder:
        shutil.copy(ROOT / ".python-version", folder)
        unpinned = _TABLE.sub("", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        Path(folder, "pyproject.toml").write_text(unpinned, encoding="utf-8")
        subprocess.run(["uv", "lock", "--quiet"], cwd=folder, check=True)
        lock = tomllib.loads(Path(folder, "uv.lock").read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for package in lock["package"]:
        if "virtual" in package["source"]:
            continue  # the project itself
        if package["name"] in found:
            sys.exit(f"{package['name']} has two versions, for different platforms. One pin cannot hold both.")
        found[package["name"]] = package["version"]
    return found


def renew() -> list[str]:
    """Writes the newest versions into pyproject.toml, and returns what has changed."""
    before, after = pins(), newest()
    lines = "".join(f'    "{name}=={version}",\n' for name, version in sorted(after.items()))
    path = ROOT / "pyproject.toml"
    text = _TABLE.sub(f"constraint-dependencies = [\n{lines}]\n", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    return [
        f"{name}: {before.get(name, 'not there')} -> {after.get(name, 'gone')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


if __name__ == "__main__":
    print("\n".join(renew()) or "Nothing newer.")  # noqa: T201 - a command
