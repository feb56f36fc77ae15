"""A load's two threads: one makes the next batch while the database takes this one."""

import sys
from collections.abc import Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from threading import Thread


def ahead[T](items: Iterator[T]) -> Generator[T]:
    """Makes each item in a thread while the previous one is in use.

    Daemons: a thread that waits for standard input must not keep an interrupted program alive.
    """

    def begin() -> Future[T | None]:
        future: Future[T | None] = Future()

        def make() -> None:
            try:
                future.set_result(next(items, None))
            except BaseException as error:
                future.set_exception(error)

        Thread(target=make, daemon=True).start()
        return future

    coming = begin()
    try:
        while (item := coming.result()) is not None:
            coming = begin()
            yield item
    finally:
        wait([coming], timeout=1)


@contextmanager
def quick_turns() -> Iterator[None]:
    """Otherwise the database waits up to 5 ms for the reading thread to pause, forty times a batch."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
