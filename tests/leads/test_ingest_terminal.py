"""How the progress of a load looks: a bar on a terminal, now and then a line elsewhere."""

import io
import sys

import pytest
from django.core.management.base import OutputWrapper

from leads.ingestion import Progress
from leads.management import ingest_terminal
from leads.management.ingest_terminal import progress_shown


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(ingest_terminal, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_there_is_a_line_every_ten_seconds(clock: Clock) -> None:
    out = io.StringIO()
    with progress_shown(OutputWrapper(out)) as show:
        for clock.now, rows in ((4.0, 4_000), (10.0, 20_000), (11.0, 22_000), (20.0, 40_000)):
            show(Progress(rows, bytes_read=rows * 10, bytes_total=1_000_000))
    assert out.getvalue() == "20,000 rows (20%), 2,000 rows/s\n40,000 rows (40%), 2,000 rows/s\n"


def test_where_the_input_has_no_size_a_line_tells_no_share(clock: Clock) -> None:
    out = io.StringIO()
    with progress_shown(OutputWrapper(out)) as show:
        clock.now = 10.0
        show(Progress(50))
    assert out.getvalue() == "50 rows, 5 rows/s\n"


def test_the_time_that_was_waited_for_another_load_makes_no_load_slower(clock: Clock) -> None:
    out = io.StringIO()
    with progress_shown(OutputWrapper(out)) as show:
        for clock.now, progress in (
            (1.0, Progress(waiting=True)),
            (300.0, Progress()),
            (305.0, Progress(5_000)),
            (310.0, Progress(10_000)),
        ):
            show(progress)
    assert out.getvalue() == f"{ingest_terminal.WAITING}\n10,000 rows, 1,000 rows/s\n"


def test_a_terminal_has_a_bar_with_rows_a_second_and_the_time_left(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_shown(OutputWrapper(terminal)) as show:
        for clock.now, rows in ((1.0, 2_000), (2.0, 4_000)):
            show(Progress(rows, bytes_read=rows * 10, bytes_total=80_000))
    shown = terminal.getvalue()
    for part in ("4,000 rows", "50%", "2,000 rows/s", "00:0"):
        assert part in shown
