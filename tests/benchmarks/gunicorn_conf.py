"""gunicorn as in production, on a database that was made for the benchmark: nothing is asked before it starts."""

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]

from homeshield.gunicorn_conf import *  # noqa: F403


def on_starting(server: Arbiter) -> None:  # type: ignore[no-redef]
    """Takes the place of the checks of a production site."""
