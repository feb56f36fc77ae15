"""Servers for these tests alone: the shared one, which other tests may be using, is never touched."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from homeshield.lib import embedded_postgres

from .isolation import delete_server


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for a server that does not exist yet. Not tmp_path: for root, another account must reach it."""
    parent = _open_folder()
    base = parent / "pg"
    monkeypatch.setenv(embedded_postgres.DIRECTORY_VARIABLE, str(base))
    yield base
    delete_server()
    shutil.rmtree(parent)


@pytest.fixture(scope="session")
def _resting_home() -> Iterator[Path]:
    parent = _open_folder()
    yield parent / "pg"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(embedded_postgres.DIRECTORY_VARIABLE, str(parent / "pg"))
        delete_server()
    shutil.rmtree(parent)


@pytest.fixture
def running(_resting_home: Path, monkeypatch: pytest.MonkeyPatch) -> embedded_postgres.ConnectionInfo:
    """A running server, made once for all tests that leave it usable: it saves them the initdb."""
    monkeypatch.setenv(embedded_postgres.DIRECTORY_VARIABLE, str(_resting_home))
    return embedded_postgres.ensure_running()


@pytest.fixture
def stopped(running: embedded_postgres.ConnectionInfo) -> embedded_postgres.ConnectionInfo:
    """The same server, initialised and at rest."""
    embedded_postgres.stop()
    return running


def _open_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="homeshield-test-", dir="/var/tmp"))
    folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
    return folder
