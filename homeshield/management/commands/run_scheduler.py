import logging
import signal
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event
from types import FrameType
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from homeshield.accounts.sessions import ended_sessions_remove
from homeshield.audit.sealing import audit_seal
from homeshield.billing.documents.statements import statements_issue
from homeshield.billing.documents.tasks import documents_enqueue
from homeshield.billing.payments.tasks import left_over_enqueue as payments_left_over_enqueue
from homeshield.billing.payments.tasks import top_ups_enqueue
from homeshield.lib.commands import DatabaseCommand, database_refusal, first_line
from homeshield.lib.finished_tasks import finished_tasks_remove
from homeshield.lib.numbers import decimal_number
from inventory.exclusion.starts import starts_forget
from inventory.suppression.upkeep import lists_upkeep
from inventory.upkeep.roll import RollFailure, failures_told, inventory_generate
from sales.history.purchases import purchases_catch_up
from sales.privacy.tasks import left_over_enqueue
from sales.returns.tasks import unmailed_enqueue
from sales.saved.mailing import searches_enqueue

EVERY = Decimal(10)
"""Seconds. An idle round takes milliseconds."""

REFUSED_AGAIN_AFTER = timedelta(hours=1)
"""Until refused leads are tried again: each costs a transaction."""

REMOVED_EVERY = timedelta(hours=1)

logger = logging.getLogger(__name__)


class Stopping(Exception):
    """Raised between transactions."""


class Command(DatabaseCommand):
    help = (
        "Keeps the inventory current: gives leads that enter a bucket their record there, closes those whose window is "
        "over, compacts the counts, seals what was recorded for audit, ends suppression lists on their date, begins "
        "automatic top-ups, gives the worker documents to mail, and issues statements when a month ends; once an hour "
        "it removes the sessions that are over and the rows of background tasks that ended long ago. It goes on until "
        "SIGTERM or Ctrl-C, when it ends with exit code 0 after the transaction in hand. Several may run at once. It "
        "outlives the database's restarts, and goes around leads that the database refuses: they are logged in each "
        "round, and tried again every hour."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every",
            type=decimal_number(Decimal("0.1"), Decimal(3600)),
            default=EVERY,
            metavar="SECONDS",
            help="between two rounds (%(default)s)",
        )

    def handle(self, *args: Any, every: Decimal, **options: Any) -> None:
        self._stop = Event()
        self._refused: dict[UUID, RollFailure] = {}
        self._try_refused_at: datetime | None = None
        self._statements_until: tuple[int, int] | None = None
        self._remove_at: datetime | None = None
        before = {number: signal.signal(number, self._told_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        logger.info("The scheduler has started: a round every %g seconds.", every)
        try:
            while not self._stop.is_set():
                self._round()
                self._stop.wait(float(every))
        except Stopping:
            pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        logger.info("The scheduler has stopped.")

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        """A second signal interrupts at once."""
        self._stop.set()
        signal.signal(number, signal.default_int_handler)

    def _round(self) -> None:
        """A failed job is retried in the next round and does not stop the others.

        Missing privileges end the scheduler: no later round would differ.
        """
        for name, job in self._jobs():
            try:
                job(timezone.now())
            except (DatabaseError, InterfaceError) as error:
                if isinstance(error.__cause__, InsufficientPrivilege):
                    raise
                refusal = database_refusal(error) or CommandError(f"The database said: {first_line(error)}.")
                logger.error("%s was broken off, and is tried again. %s", name, refusal)
            finally:
                connection.close()  # checked before the next round

    def _jobs(self) -> tuple[tuple[str, Callable[[datetime], None]], ...]:
        return (
            ("The roll", self._roll),
            ("Sealing the audit events", self._seal),
            ("Looking after suppression lists", self._look_after_lists),
            ("Automatic top-up", self._top_up),
            ("Forgetting where picks began", self._forget_starts),
            ("Mailing documents", self._mail_documents),
            ("Issuing statements", self._issue_statements),
            ("Removing what is over, and mailing what was left", self._remove),
        )

    def _roll(self, now: datetime) -> None:
        if self._try_refused_at is None or now >= self._try_refused_at:
            self._refused.clear()
            self._try_refused_at = now + REFUSED_AGAIN_AFTER
        report = inventory_generate(as_of=now, now=now, leave_out=self._refused, progress=self._between_batches)
        if report.created or report.lapsed:
            logger.info("Records created: %s; lapsed: %s.", f"{report.created:,}", f"{report.lapsed:,}")
        self._refused |= {failure.lead_id: failure for failure in report.failures}
        if self._refused:
            logger.error("%s", failures_told(list(self._refused.values())))

    def _seal(self, now: datetime) -> None:
        audit_seal(as_of=now)

    def _look_after_lists(self, now: datetime) -> None:
        lists_upkeep(as_of=now)

    def _forget_starts(self, now: datetime) -> None:
        starts_forget(as_of=now)

    def _mail_documents(self, now: datetime) -> None:
        documents_enqueue(as_of=now)

    def _issue_statements(self, now: datetime) -> None:
        """When a month ends (UTC), and once at the start for what is missing."""
        month = (now.astimezone(UTC).year, now.astimezone(UTC).month)
        if self._statements_until != month:
            if issued := statements_issue(as_of=now):
                logger.info("Statements issued: %s.", f"{issued:,}")
            self._statements_until = month

    def _top_up(self, now: datetime) -> None:
        top_ups_enqueue(as_of=now)

    def _remove(self, now: datetime) -> None:
        if self._remove_at is None or now >= self._remove_at:
            ended_sessions_remove(as_of=now)
            finished_tasks_remove(as_of=now)
            left_over_enqueue(as_of=now - REMOVED_EVERY)
            payments_left_over_enqueue(as_of=now)
            unmailed_enqueue(as_of=now - REMOVED_EVERY)
            purchases_catch_up()
            searches_enqueue(as_of=now)
            self._remove_at = now + REMOVED_EVERY

    def _between_batches(self, leads: int) -> None:
        if self._stop.is_set():
            raise Stopping
