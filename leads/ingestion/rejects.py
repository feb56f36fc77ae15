"""The rejects file: what was not loaded and why, in a form that can be mended and loaded again.

It is for spreadsheets too: cells lose what would make them formulas, as exported ones do. Blanks alone are kept.
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
    """`leads.rejects.csv` beside `leads.csv` or `leads.csv.gz`; in the current folder where that one is closed to us.

    A stream without a name (None) is called `stdin`.
    """
    if source is None:
        return Path("stdin.rejects.csv")
    stem = source.name.removesuffix(source.suffix) if source.suffix.lower() == ".gz" else source.name
    name = f"{Path(stem).stem}.rejects.csv"
    return source.with_name(name) if os.access(source.parent, os.W_OK) else Path(name)


def check_path(path: Path, source: Path | None) -> None:
    """Raises IngestRefused where no rejects file may be written. Names the path as it was given."""
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
    """The file under another name until publish(), so that nobody takes half of it for the whole.

    A link is followed: its target is replaced, and not the link. The file is made with the first row. Only its owner
    may read it, for it holds personal data; so what killed loads of the same file left of theirs is removed.
    It is written in the input's encoding, so that bytes that are no text stay as they came. `raw` keeps all else as it
    came too; `cells_changed` counts the cells of rows that lost something.
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
        """One row, even with too few cells or too many, and with the bytes that are no text.

        Nothing after discard(): the thread that reads may still be at work when the load was interrupted.
        """
        with self._lock, self._writable():
            if self._discarded:
                return
            if self._file is None:
                self._file = open(  # noqa: SIM115 - closed by publish() or discard(); Path.open takes no opener
                    self._partial, "w", encoding=self._codec, errors="surrogateescape", newline="", opener=_open_private
                )
                with suppress(OSError):  # where there are no locks, leftovers are not removed either
                    fcntl.flock(self._file, fcntl.LOCK_EX)  # held until closed, or as long as we live
                csv.writer(self._file).writerow([*REJECT_COLUMNS, *self._kept(self._header)])
            reason = reason.encode(self._codec, "replace").decode(self._codec)
            csv.writer(self._file).writerow([line, reason, *self._kept(cells)])
            self.cells_changed += 0 if self._raw else sum(map(loses_more_than_blanks, cells))

    def publish(self) -> Path | None:
        """Gives the file its name, and returns its path as it was given; None where no row was rejected."""
        if self._file is None:
            return None
        with self._writable():
            self._file.flush()
            self._partial.replace(self._target)  # while it is locked: see _remove_leftovers
            self._file.close()
        self._file = None
        return self._path

    def discard(self) -> None:
        """Removes what was not published."""
        with self._lock:
            self._discarded = True
            if self._file is not None:
                with suppress(OSError):
                    self._file.close()
                self._partial.unlink(missing_ok=True)

    def _kept(self, cells: Sequence[str]) -> list[str]:
        """The cells to write. A row of a rejects file loses that file's line number and reason, and gets new ones."""
        kept = [cell for i, cell in enumerate(cells) if i not in self._own]
        return kept if self._raw else [harmless(cell) if loses_more_than_blanks(cell) else cell for cell in kept]

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise IngestRefused(reason=f"The rejects file {self._path} cannot be written: {error.strerror}.") from error


def _remove_leftovers(path: Path) -> None:
    """Removes the partial files of this rejects file that no process holds any more."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*"):
        if leftover.suffix[1:].isdecimal() and leftover.is_file():
            with suppress(OSError), leftover.open("rb") as file:  # another user's, or gone meanwhile
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError where its load is under way
                leftover.unlink()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
