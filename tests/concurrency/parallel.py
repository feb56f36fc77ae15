"""Threads with database connections of their own, which start together."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Thread

from django.db import connection, transaction


def run_together[Result](jobs: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """Runs the jobs at the same time, and returns for each what it returned or raised, in their order."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], Result]) -> Result | Exception:
        start.wait(timeout=10)
        try:
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


HOLDS = 120
"""Seconds after which a rival that nobody ends lets go: longer than a test waits for anything on a busy machine."""


class Rival:
    """Another session that has done something and has not committed it yet."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act, self._ready, self._go = act, Event(), Event()
        self._keep, self._let_go = True, False
        self._thread = Thread(target=self._run)

    def _run(self) -> None:
        try:
            with transaction.atomic():
                self._act()
                self._ready.set()
                self._let_go = not self._go.wait(timeout=HOLDS)
                transaction.set_rollback(not self._keep)
        finally:
            self._ready.set()
            connection.close()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(timeout=10)

    def end(self, *, commit: bool) -> None:
        self._keep = commit
        self._go.set()
        self._thread.join(timeout=10)
        assert not self._let_go, f"nobody ended this rival for {HOLDS} seconds: what came then met no rival"


@contextmanager
def rival(act: Callable[[], object]) -> Iterator[Rival]:
    """A rival that has acted when the block begins, and has ended (rolled back, unless it was told) when it ends."""
    other = Rival(act)
    other.start()
    try:
        yield other
    finally:
        other.end(commit=False)


def wait_until_blocked(sessions: int = 1) -> None:
    """Returns when that many sessions of this database wait for a lock; fails after five seconds."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees the sessions of its first look
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= sessions:
                return
        time.sleep(0.01)
    raise AssertionError(f"{sessions} sessions should be waiting for a lock by now")


def run_beside[Result](job: Callable[[], Result], *, then: Callable[[], object]) -> Result | Exception:
    """Runs the job in a thread of its own; `then` is called once it waits for a lock."""
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(run_together, [job])
        wait_until_blocked()
        then()
        return running.result(timeout=20)[0]
