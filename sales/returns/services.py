"""Taking leads back (contract, "Return"): at once where the rules say so, else by staff.

An accepted return is one transaction: its row, credit and credit note, and the withdrawal of the lead. Locks come in
the order of docs/architecture.md: persons, the client's returns, records of withdrawn leads, and the client's account
last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg import errors as pg

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import Details, audit_record
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.services import ledger_parameters, ledger_record_each
from homeshield.lib.instants import instant_text
from homeshield.lib.locks import lock_timeout_set, tried_again
from homeshield.lib.viewer import STAFF, seen_by
from inventory.withholding.locking import persons_lock
from inventory.withholding.services import leads_withdraw_each
from sales.returns.credit_notes import credit_notes_issue
from sales.returns.errors import ReturnDecided, ReturnNotFound, ReturnsBusy, WordMissing
from sales.returns.models import Return, ReturnReason, ReturnStatus
from sales.returns.rules import Allowance, Refusal, Verdict, decide, returnable_until
from sales.returns.selectors import Found, allowance_of, candidates_of
from sales.returns.tasks import return_decisions_mail

MOST_AT_ONCE = 1_000
"""Returns in one call or file."""

ATTEMPTS = 5
"""How often it is tried when the database breaks a deadlock with an order. It is rare and passes."""

PATIENCE = "10s"
"""How long a return waits for each lock. A load that ends may hold the lock of persons for longer."""

NOTE = "Returned by a buyer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a buyer wants to return, and why. `note` is for whoever decides."""

    sale_id: UUID
    reason: ReturnReason
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became, or would become, of one return. `made` is its row, where there is one now."""

    asked: Asked
    verdict: Verdict
    found: Found | None
    made: Return | None = None

    @property
    def status(self) -> ReturnStatus:
        return self.verdict.status

    @property
    def amount(self) -> Decimal:
        """What was paid, in USD; 0 for a sale that is not the client's."""
        return self.found.candidate.paid if self.found else Decimal(0)

    @property
    def message(self) -> str:
        """For people: why the lead is not taken back."""
        match self.verdict.refusal:
            case None:
                return ""
            case Refusal.NOT_FOUND:
                return "You have no such sale."
            case Refusal.BEFORE:
                return "You returned this lead before. A lead is returned once."
            case Refusal.NO_DUPLICATE:
                return "You owned no other lead of this person when you bought this one."
        assert self.found is not None
        if self.verdict.refusal is Refusal.WITHIN_CRITERIA:
            return f"This lead is what you ordered: {self.found.line}."
        until = returnable_until(self.found.candidate.sold_at_utc, days=settings.RETURN_DAYS)
        return f"This lead could be returned until {instant_text(until)}."


def returns_preview(*, client_id: UUID, asked: Sequence[Asked], as_of: datetime) -> list[Answered]:
    """What `returns_make` would answer at this instant, in the same order. Changes nothing."""
    with seen_by(STAFF), transaction.atomic():
        return _answers(client_id=client_id, asked=asked, as_of=as_of)


def returns_make(
    *, client_id: UUID, asked: Sequence[Asked], user_id: UUID | None, api_key_id: UUID | None = None, as_of: datetime
) -> list[Answered]:
    """Returns each of these sales by itself, and answers in the same order: accepted, waiting for staff, or refused.

    A refused one leaves no row, so it may be returned for another reason. Raises ReturnsBusy.
    """

    def make() -> list[Answered]:
        with seen_by(STAFF), transaction.atomic():
            lock_timeout_set(PATIENCE)
            if any(one.reason.withdraws for one in asked):
                persons_lock()
            returns_lock(client_id)
            answers = _answers(client_id=client_id, asked=asked, as_of=as_of)
            made = {
                one.asked.sale_id: _row(one, client_id=client_id, user_id=user_id, api_key_id=api_key_id, as_of=as_of)
                for one in answers
                if one.verdict.refusal is None
            }
            _take_back(list(made.values()), answers, as_of=as_of)
            Return.objects.bulk_create(made.values())
            credit(list(made.values()), client_id=client_id, as_of=as_of)
            answers = [one if one.verdict.refusal else replace(one, made=made[one.asked.sale_id]) for one in answers]
            _record(answers, client_id=client_id, as_of=as_of)
            return answers

    return _in_turn(make)


def return_decide(*, return_id: UUID, accept: bool, word: str, by_id: UUID, as_of: datetime) -> Return:
    """Decides a return that waits, with a word to the buyer, who is told by mail.

    Raises ReturnNotFound, ReturnDecided, WordMissing where it is refused without one, and ReturnsBusy.
    """
    word = word.strip()
    if not accept and not word:
        raise WordMissing

    def decide_now() -> Return:
        with seen_by(STAFF), transaction.atomic():
            lock_timeout_set(PATIENCE)
            if accept:
                persons_lock()
            one = Return.objects.select_for_update(of=("self",)).filter(id=return_id).select_related("sale").first()
            if one is None:
                raise ReturnNotFound
            if one.status != ReturnStatus.WAITING:
                raise ReturnDecided
            one.status = ReturnStatus.ACCEPTED if accept else ReturnStatus.REFUSED
            one.decided_at_utc, one.decided_by_id, one.word = as_of, by_id, word
            if accept and (reason := ReturnReason(one.reason).withdraws):
                given = {one.sale.lead_id: reason}
                one.withdrawal_id = leads_withdraw_each(given, note=NOTE, by_id=by_id, as_of=as_of)[one.sale.lead_id]
            one.save(update_fields=["status", "decided_at_utc", "decided_by", "word", "withdrawal"])
            credit([one], client_id=one.client_id, as_of=as_of)
            return_decisions_mail.enqueue(str(one.client_id))
            details: Details = {"status": one.status, "reason": one.reason, "amount": one.amount}
            audit_record(
                action=AuditAction.RETURN_DECIDE, obj=one, client_id=one.client_id, details=details, as_of=as_of
            )
            return one

    return _in_turn(decide_now)


def returns_lock(client_id: UUID) -> None:
    """One client's returns are decided one call after another: none sees an allowance that another is using up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('returns'), hashtext(%s))", [str(client_id)])


def _in_turn[Result](act: Callable[[], Result]) -> Result:
    try:
        return tried_again(act, tries=ATTEMPTS)
    except OperationalError as error:
        if isinstance(error.__cause__, (pg.LockNotAvailable, pg.DeadlockDetected)):
            raise ReturnsBusy from error
        raise


def _answers(*, client_id: UUID, asked: Sequence[Asked], as_of: datetime) -> list[Answered]:
    """In the order asked, each after those before it: they use the allowance up, and a sale returns once."""
    found = candidates_of(client_id=client_id, sale_ids=[one.sale_id for one in asked])
    allowance = allowance_of(client_id=client_id, as_of=as_of)
    taken: set[UUID] = set()
    answers = []
    for one in asked:
        of = found.get(one.sale_id)
        verdict, allowance = _verdict(one, of, allowance, taken, as_of)
        if verdict.refusal is None:
            taken.add(one.sale_id)
        answers.append(Answered(asked=one, verdict=verdict, found=of))
    return answers


def _verdict(
    one: Asked, of: Found | None, allowance: Allowance, taken: set[UUID], as_of: datetime
) -> tuple[Verdict, Allowance]:
    if one.sale_id in taken:
        return Verdict(status=ReturnStatus.REFUSED, refusal=Refusal.BEFORE), allowance
    return decide(of.candidate if of else None, one.reason, allowance, days=settings.RETURN_DAYS, as_of=as_of)


def _row(one: Answered, *, client_id: UUID, user_id: UUID | None, api_key_id: UUID | None, as_of: datetime) -> Return:
    return Return(
        sale_id=one.asked.sale_id, client_id=client_id, reason=one.asked.reason, note=one.asked.note,
        amount=one.amount, status=one.status, asked_at_utc=as_of, asked_by_id=user_id, asked_with_id=api_key_id,
        decided_at_utc=as_of if one.status == ReturnStatus.ACCEPTED else None,
    )  # fmt: skip


def _take_back(rows: Sequence[Return], answers: Sequence[Answered], *, as_of: datetime) -> None:
    """Withdraws the leads of accepted returns, before the client's account is locked."""
    leads = {one.asked.sale_id: one.found.candidate.lead_id for one in answers if one.found}
    reasons = {
        leads[row.sale_id]: reason
        for row in rows
        if row.status == ReturnStatus.ACCEPTED and (reason := ReturnReason(row.reason).withdraws)
    }
    withdrawals = leads_withdraw_each(reasons, note=NOTE, by_id=None, as_of=as_of)
    for row in rows:
        if row.status == ReturnStatus.ACCEPTED:
            row.withdrawal_id = withdrawals.get(leads[row.sale_id])


def _record(answers: Sequence[Answered], *, client_id: UUID, as_of: datetime) -> None:
    """One event for the call: its rows say what happened to each sale."""
    credited = sum((one.amount for one in answers if one.status == ReturnStatus.ACCEPTED), Decimal("0.00"))
    details: Details = {
        **{str(status): sum(one.status == status for one in answers) for status in ReturnStatus},
        "credited": credited,
    }
    audit_record(action=AuditAction.RETURN_MAKE, client_id=client_id, details=details, as_of=as_of)


def credit(rows: Sequence[Return], *, client_id: UUID, as_of: datetime) -> None:
    """Gives back what a client paid for the accepted ones, with a credit note for each. Last, because it locks the
    client's account. A thousand cost three statements: others wait for the lock of persons meanwhile.
    """
    # A lead that cost nothing moves nothing.
    credited = [row for row in rows if row.status == ReturnStatus.ACCEPTED and row.amount]
    if not credited:
        return
    orders = credit_notes_issue(credited, client_id=client_id, as_of=as_of)
    ledger_record_each(
        [
            ledger_parameters(
                kind=Kind.RETURN, client_id=client_id, source_id=row.id, amount=row.amount, as_of=as_of,
                entered_by_id=row.decided_by_id or row.asked_by_id,
                api_key_id=None if row.decided_by_id else row.asked_with_id, reference=f"#{orders[row.id]}",
            )
            for row in credited
        ]
    )  # fmt: skip
