"""What a killed shop leaves on disk may hold leads. The next start removes it, and nothing else."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from homeshield.front.spool import spool_folder


@pytest.fixture
def where(tmp_path: Path, settings: Settings) -> Path:
    settings.WEB_SPOOL_DIR = str(tmp_path)
    return tmp_path


def left(folder: Path) -> Path:
    """As a killed shop leaves it, an hour ago."""
    (folder / "answers").mkdir(parents=True)
    (folder / "answers" / "0000000001").write_text("Ada,Sample", encoding="utf-8")
    os.utime(folder, (0, 0))
    return folder


def test_it_is_gone_at_the_end(where: Path) -> None:
    with spool_folder() as folder:
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o007 == 0
    assert list(where.iterdir()) == []


def test_what_a_killed_shop_has_left_is_removed(where: Path) -> None:
    left(where / "homeshield-shop-killed")
    with spool_folder() as folder:
        assert list(where.iterdir()) == [folder]


def test_the_folder_of_a_shop_that_runs_stays(where: Path) -> None:
    with spool_folder() as running:
        os.utime(running, (0, 0))
        with spool_folder() as folder:
            assert {*where.iterdir()} == {running, folder}


def test_a_young_folder_stays_and_so_does_what_is_none_of_ours(where: Path) -> None:
    young = where / "homeshield-shop-starting"
    young.mkdir()
    stranger, target = where / "homeshield-of-others", left(where / "elsewhere")
    left(stranger)
    link = where / "homeshield-shop-link"
    link.symlink_to(target)
    with spool_folder() as folder:
        assert {*where.iterdir()} == {young, stranger, target, link, folder}
    assert (target / "answers" / "0000000001").exists()
