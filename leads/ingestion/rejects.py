"""The rejects file: what was not loaded and why, ready to correct and load again.

Spreadsheets open it too, so formulas are disarmed as in exports.
"""

import csv
import fcntl
import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import IO

from homeshield.lib.spreadsheet_cells import harmless, loses_more_than_blanks
from leads.ingestion.columns import REJECT_COLUMNS, Header, is_reject_column
from leads.ingestion.errors import IngestRefused


def default_path(source: Path | None) -> Path:
    """`leads.rejects.csv` beside `leads.csv`, or in the current folder if we may not write there."""
    if source is None:
        return Path("stdin.rejects.csv")
    stem = source.name.removesuffix(source.suffix) if source.suffix.lower() == ".gz" else source.name
    name = f"{Path(stem).stem}.rejects.csv"
    return source.with_name(name) if os.access(source.parent, os.W_OK) else Path(name)


def check_path(path: Path, source: Path | None) -> None:
    """Raises IngestRefused if `path` cannot be written."""
    target = path.resolve()
    if not target.parent.is_dir():
        raise IngestRefused(reason=f"The rejects file cannot be written: there is no folder {path.parent}.")
    if target.exists() and not target.is_file():
        raise IngestRefused(reason=f"The rejects file cannot be written: {path} exists and is not a regular file.")
    if source is not None and target == source.resolve():
        raise IngestRefused(reason="The rejects file would replace the input. Name another one with --rejects.")
    if not os.access(target.parent, os.W_OK):
        raise IngestRefused(reason=f"The rejects file cannot be written: no permission in {path.parent}.")


class Rejects:
    """Has a temporary name until publish(), so that nobody takes half of it for the whole.

    Holds personal data: only its owner may read it, and we remove what killed loads left. Has the input's encoding, so
    that undecodable bytes survive. Replaces a link's target, not the link. `raw` keeps formulas.
    """

    def __init__(self, path: Path, header: Header, *, codec: str = "utf-8", raw: bool = False) -> None:
        self._codec, self._raw, self.cells_changed = codec.removesuffix("-sig"), raw, 0
        self._path, self._target = path, path.resolve()
        self._partial = self._target.with_name(f".{self._target.name}.{os.getpid()}")
        self._own = {i for i, name in enumerate(header.names) if is_reject_column(name)}
        self._header = header.names
        self._file: IO[str] | None = None
        self._lock, self._discarded = Lock(), False
        _remove_leftovers(self._target)

    def add(self, line: int, reason: str, cells: Sequence[str]) -> None:
        """Does nothing after discard(): the reading thread may outlive an interrupted load."""
        with self._lock, self._writable():
            if self._discarded:
                return
            if self._file is None:
                self._file = self._open()
                csv.writer(self._file).writerow([*REJECT_COLUMNS, *self._kept(self._header)])
            reason = reason.encode(self._codec, "replace").decode(self._codec)
            csv.writer(self._file).writerow([line, reason, *self._kept(cells)])
            self.cells_changed += 0 if self._raw else sum(map(loses_more_than_blanks, cells))

    def flush(self) -> None:
        """Brings all rows to the disk. Only a change of name is left for publish()."""
        if self._file is not None:
            with self._writable():
                self._file.flush()
                os.fsync(self._file.fileno())

    def publish(self) -> Path | None:
        """Call flush() first. Returns None if no row was rejected."""
        if self._file is None:
            return None
        with self._writable():
            self._partial.replace(self._target)  # while locked: see _remove_leftovers
            self._file.close()
        self._file = None
        return self._path

    def discard(self) -> None:
        with self._lock:
            self._discarded = True
            if self._file is not None:
                with suppress(OSError):
                    self._file.close()
                self._partial.unlink(missing_ok=True)

    def _open(self) -> IO[str]:
        """The partial file, locked until it is closed or the process ends.

        Between its making and its locking another load may have taken it for a leftover: then it is made again.
        """
        while True:
            file = open(  # noqa: SIM115 - closed by publish() or discard(); Path.open takes no opener
                self._partial, "w", encoding=self._codec, errors="surrogateescape", newline="", opener=_open_private
            )
            with suppress(OSError):  # without locks, we remove no leftovers either
                fcntl.flock(file, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), self._partial.stat()):
                    return file
            file.close()

    def _kept(self, cells: Sequence[str]) -> list[str]:
        """Drops the line number and reason that an earlier rejects file added."""
        kept = [cell for i, cell in enumerate(cells) if i not in self._own]
        return kept if self._raw else [harmless(cell) if loses_more_than_blanks(cell) else cell for cell in kept]

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise IngestRefused(reason=f"The rejects file {self._path} cannot be written: {error.strerror}.") from error


def _remove_leftovers(path: Path) -> None:
    """Removes partial files that no process locks."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*"):
        if leftover.suffix[1:].isdecimal() and leftover.is_file():
            with suppress(OSError), leftover.open("rb") as file:  # another user's, or gone meanwhile
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError if its load still runs
                leftover.unlink()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
