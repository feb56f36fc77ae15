"""The folder for the socket and nginx's buffers on disk."""

import fcntl
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.conf import settings

from homeshield.front import nginx

logger = structlog.get_logger("homeshield.front")

_PREFIX = "homeshield-shop-"
_YOUNG_SECONDS = 60
"""A younger folder may belong to a shop that has not locked it yet."""


@contextmanager
def spool_folder() -> Iterator[Path]:
    """A new private folder, which root opens to nginx's workers; removed at the end.

    First removes what killed shops left: it may hold leads.
    """
    _remove_left_behind(Path(settings.WEB_SPOOL_DIR))
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=settings.WEB_SPOOL_DIR, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if account := nginx.account_of_workers():
            os.chown(folder, -1, pwd.getpwnam(account).pw_gid)
            folder.chmod(0o710)
        held = os.open(folder, os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)  # as long as we live, however we end
            yield folder
        finally:
            os.close(held)


def _remove_left_behind(where: Path) -> None:
    for folder in where.glob(f"{_PREFIX}*"):
        try:
            held = os.open(folder, os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or gone
        try:
            facts = os.fstat(held)
            if facts.st_uid == os.geteuid() and time.time() > facts.st_mtime + _YOUNG_SECONDS:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                logger.warning("Removed what a killed shop had left on disk.", folder=folder.name)
        except BlockingIOError:
            continue  # in use
        finally:
            os.close(held)
