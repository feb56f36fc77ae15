"""Where the embedded server lives, who owns it, and who may enter.

A normal user has everything in `<project>/.local/postgres`. PostgreSQL refuses to run as root, so for root it runs as
an unprivileged account, in `/var/lib/homeshield-<hash>`: the account may be unable to enter the project. Root owns that
folder; others may only pass through. The account owns only `data` inside, so that it cannot plant symbolic links for
root.

The socket is in `/tmp/homeshield-<hash>`, mode 0700: a socket's path has at most 107 bytes on Linux, 103 on macOS.
"""

import fcntl
import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .errors import EmbeddedPostgresError

DIRECTORY_VARIABLE = "HOMESHIELD_POSTGRES_DIR"
PORT = 5432  # the socket's name only
UNFINISHED = "unfinished-"  # prefix of incomplete folders
PROJECT = Path(__file__).resolve().parents[3]

# `postgres` is used by databases only; `nobody` exists everywhere. initdb needs a named account.
SERVER_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Runs root's server."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Location:
    """`account` is None if the server runs as the caller."""

    base: Path
    socket_dir: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.base / "server.log"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def socket(self) -> Path:
        return self.socket_dir / f".s.PGSQL.{PORT}"

    @property
    def uid(self) -> int:
        return self.account.uid if self.account else os.geteuid()


def locate() -> Location:
    return _locate(os.environ.get(DIRECTORY_VARIABLE, ""), os.geteuid())


def locate_replica() -> Location:
    return _locate(str(locate().base / "replica"), os.geteuid())


@lru_cache
def _locate(override: str, uid: int) -> Location:
    if override:
        base = Path(override).expanduser().resolve()
    elif uid:
        base = PROJECT / ".local" / "postgres"
    else:
        base = Path("/var/lib") / f"homeshield-{_digest(os.fsencode(PROJECT))}"
    account = None if uid else _server_account(base / "data")
    # Hexadecimal, because URL parsers may lower a host name's case.
    digest = _digest(os.fsencode(base) + b"\0" + str(account.uid if account else uid).encode())
    return Location(base, Path("/tmp") / f"homeshield-{digest}", account)  # noqa: S108 -- see make_socket_dir


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _server_account(data: Path) -> Account:
    """The owner of the data, or for new data the first of SERVER_ACCOUNTS that exists."""
    try:
        entry = pwd.getpwuid(data.lstat().st_uid)
    except KeyError:
        raise EmbeddedPostgresError(f"The owner of {data} has no account on this machine to run a server.") from None
    except (FileNotFoundError, NotADirectoryError):
        for name in SERVER_ACCOUNTS:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            break
        else:
            raise EmbeddedPostgresError(
                "PostgreSQL does not run as root, and there is no account "
                f"{' or '.join(SERVER_ACCOUNTS)} to run it as. Work as a normal user, or set DATABASE_URL."
            ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_reach(path: Path, account: Account) -> bool:
    return all(_may_enter(step.stat(), account) for step in (path, *path.parents))


def _may_enter(entry: os.stat_result, account: Account) -> bool:
    if entry.st_uid == account.uid:
        return bool(entry.st_mode & stat.S_IXUSR)
    if entry.st_gid == account.gid:
        return bool(entry.st_mode & stat.S_IXGRP)
    return bool(entry.st_mode & stat.S_IXOTH)


def make_base(location: Location) -> None:
    """Raises EmbeddedPostgresError if the base folder is unusable. Existing folders keep their modes."""
    base = location.base
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        if not base.is_dir():
            _create(base, 0o711 if location.account else 0o700)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The folder for the embedded PostgreSQL cannot be made ({error}). "
            f"Set {DIRECTORY_VARIABLE} to a folder that you can write to, or set DATABASE_URL."
        ) from error
    if base.stat().st_uid != os.geteuid():
        raise EmbeddedPostgresError(
            f"{base} belongs to another user: this server would be theirs. Set {DIRECTORY_VARIABLE}."
        )
    if location.account and not can_reach(base, location.account):
        raise EmbeddedPostgresError(
            f"The server's account {location.account.name} cannot enter {base}, and no folder is opened for it. "
            f"Set {DIRECTORY_VARIABLE} to a new folder below folders that everyone may enter."
        )


def _create(directory: Path, mode: int) -> None:
    """The folder has its mode from the start, despite umask and concurrent processes."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{directory.name}.", dir=directory.parent))
    fresh.chmod(mode)
    try:
        fresh.rename(directory)
    except OSError:
        fresh.rmdir()
        if not directory.is_dir():  # another process was first
            raise


def make_socket_dir(location: Location) -> None:
    """Creates the socket's folder, private to the server's account.

    Whoever can connect is superuser, so a folder that another user made in /tmp is refused.
    """
    directory = location.socket_dir
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        entry = directory.lstat()
        if not stat.S_ISDIR(entry.st_mode) or (entry.st_uid, stat.S_IMODE(entry.st_mode)) != (location.uid, 0o700):
            raise EmbeddedPostgresError(
                f"{directory} exists, but is not a folder of the server's user with mode 0700. "
                "Find out who made it, then remove it."
            ) from None
    else:
        if location.account:
            os.chown(directory, location.account.uid, location.account.gid, follow_symlinks=False)


@contextmanager
def locked(location: Location) -> Iterator[None]:
    """One process at a time starts or stops the server. The kernel releases a dead holder's lock."""
    descriptor = os.open(location.base / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
