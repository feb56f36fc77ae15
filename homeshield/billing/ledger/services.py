"""Adds to the ledger, in the transaction of the act that moves the money (contract, "Money")."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.ledger.errors import BadAmount, BookedBefore, NotReversible, TransactionNotFound
from homeshield.billing.ledger.kinds import REVERSIBLE, SHAPES, Account, Kind
from homeshield.billing.ledger.models import CreditLimitChange, LedgerTransaction
from homeshield.billing.ledger.statements import RECORDING, RECORDING_EACH
from homeshield.lib.errors import refused_by_database
from homeshield.lib.ids import new_id
from homeshield.lib.money import CENT

MOST = Decimal(10) ** 10 - CENT
"""As in the column (homeshield/lib/money.py)."""

_ONCE = ("ledger_transactions_pkey", "ledger_transaction_once_per_source")


def ledger_record(
    *,
    kind: Kind,
    client_id: UUID,
    source_id: UUID,
    amount: Decimal,
    as_of: datetime,
    entered_by_id: UUID | None = None,
    api_key_id: UUID | None = None,
    reference: str = "",
) -> UUID:
    """Moves `amount` (USD, above zero) as its kind does, and returns the transaction's id.

    Call it last in the act's own transaction: the account stays locked until that commits. The caller records the act
    for audit. `reference` is a word to people without personal data, such as a transfer's reference.

    Raises BadAmount, and IntegrityError for a source that is in the ledger already.
    """
    parameters = ledger_parameters(
        kind=kind, client_id=client_id, source_id=source_id, amount=amount, as_of=as_of, entered_by_id=entered_by_id,
        api_key_id=api_key_id, reference=reference,
    )  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RECORDING, parameters)
    made: UUID = parameters["ledger_id"]
    return made


def ledger_record_each(entries: Sequence[Mapping[str, Any]]) -> None:
    """Does `ledger_record` for many of one client, given what `ledger_parameters` returned for each, in one message."""
    with connection.cursor() as cursor:
        cursor.execute(RECORDING_EACH, {"entries": json.dumps(entries, default=str)})


def ledger_parameters(
    *,
    kind: Kind,
    client_id: UUID,
    source_id: UUID,
    amount: Decimal,
    as_of: datetime,
    entered_by_id: UUID | None = None,
    api_key_id: UUID | None = None,
    reference: str = "",
) -> dict[str, Any]:
    """Returns the parameters of RECORDING. Arguments and errors as for `ledger_record`."""
    shape = SHAPES[kind]
    _check(amount, either_way=shape.either_way)
    return _parameters(
        made=source_id if kind is Kind.ADJUSTMENT else new_id(),  # an adjustment is its own source
        kind=kind,
        client_id=client_id,
        source_id=source_id,
        house=shape.house,
        of_client=amount * shape.sign,
        as_of=as_of,
        entered_by_id=entered_by_id,
        api_key_id=api_key_id,
        reference=reference,
    )


def ledger_adjust(
    *, client_id: UUID, amount: Decimal, reason: str, by: User | None, as_of: datetime, once: UUID | None = None
) -> UUID:
    """Adds `amount` (USD; below zero: takes it away) to a client's balance, and returns the transaction's id.

    `once` becomes that id, so that what is sent twice is booked once. Raises BadAmount, BookedBefore.
    """
    parameters = ledger_parameters(
        kind=Kind.ADJUSTMENT, client_id=client_id, source_id=once or new_id(), amount=amount, as_of=as_of,
        entered_by_id=by.id if by else None, reference=reason,
    )  # fmt: skip
    with refused_by_database(_ONCE, BookedBefore()):
        return _enter(parameters, AuditAction.LEDGER_ADJUST, details={"amount": amount}, as_of=as_of)


def ledger_reverse(*, transaction_id: UUID, reason: str, by: User | None, as_of: datetime) -> UUID:
    """Books the opposite of a transaction, once, and returns the new one's id.

    Raises TransactionNotFound, NotReversible.
    """
    again = NotReversible(reason="This transaction was reversed before.")
    with refused_by_database(_ONCE, again):
        found = LedgerTransaction.objects.filter(id=transaction_id).first()
        if found is None:
            raise TransactionNotFound
        if found.kind not in REVERSIBLE:
            raise NotReversible(reason=f"A transaction of this kind can’t be reversed: {found.get_kind_display()}.")
        if LedgerTransaction.objects.filter(kind=Kind.REVERSAL, source_id=found.id).exists():
            raise again
        of_client = found.legs.get(account=Account.CLIENT).amount  # a client's viewer sees no leg of the house's
        parameters = _parameters(
            made=new_id(),
            kind=Kind.REVERSAL,
            client_id=found.client_id,
            source_id=found.id,
            house=SHAPES[Kind(found.kind)].house,
            of_client=-of_client,
            as_of=as_of,
            entered_by_id=by.id if by else None,
            api_key_id=None,
            reference=reason,
        )
        details = {"reverses": found.id, "kind": found.kind, "amount": -of_client}
        return _enter(parameters, AuditAction.LEDGER_REVERSE, details=details, as_of=as_of)


def credit_limit_set(
    *, client_id: UUID, credit_limit: Decimal | None, reason: str, by: User | None, as_of: datetime
) -> CreditLimitChange:
    """Grants a credit limit in USD; None means on account, without a limit.

    `by` None is for a client that has just been made. Raises BadAmount.
    """
    if credit_limit is not None and not (0 <= credit_limit <= MOST and credit_limit == round(credit_limit, 2)):
        raise BadAmount(reason="A credit limit is zero or more dollars, with two decimals at most.")
    with transaction.atomic():
        change = CreditLimitChange(
            client_id=client_id, credit_limit=credit_limit, changed_at_utc=as_of, changed_by=by, reason=reason
        )
        change.save(force_insert=True)
        audit_record(
            action=AuditAction.CREDIT_LIMIT,
            obj=change,
            client_id=client_id,
            details={"credit_limit": credit_limit},
            as_of=as_of,
        )
    return change


def _enter(parameters: dict[str, Any], action: AuditAction, *, details: dict[str, Any], as_of: datetime) -> UUID:
    """Records an act for audit, then books it: from there on the account is locked until the commit."""
    made: UUID = parameters["ledger_id"]
    audit_record(
        action=action,
        obj=("billing.ledgertransaction", made),
        client_id=parameters["ledger_client"],
        details=details,
        as_of=as_of,
    )
    with connection.cursor() as cursor:
        cursor.execute(RECORDING, parameters)
    return made


def _check(amount: Decimal, *, either_way: bool) -> None:
    if not amount.is_finite() or amount != round(amount, 2):
        raise BadAmount(reason="Enter dollars with two decimals at most, such as 250.00.")
    if abs(amount) > MOST:
        raise BadAmount(reason=f"Enter at most {MOST:,}.")
    if amount == 0 or (amount < 0 and not either_way):
        raise BadAmount(reason="Enter an amount that is not zero." if either_way else "Enter an amount above zero.")


def _parameters(
    *, made: UUID, kind: Kind, client_id: UUID, source_id: UUID, house: Account, of_client: Decimal, as_of: datetime,
    entered_by_id: UUID | None, api_key_id: UUID | None, reference: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "ledger_id": made,
        "ledger_kind": kind.value,
        "ledger_source": source_id,
        "ledger_client": client_id,
        "ledger_as_of": as_of,
        "ledger_user": entered_by_id,
        "ledger_api_key": api_key_id,
        "ledger_reference": reference,
        "ledger_house": house.value,
        "ledger_of_house": -of_client,
        "ledger_of_client": of_client,
    }
