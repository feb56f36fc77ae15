"""`verify_ledger` finds returns that somebody changed by hand, past the triggers."""

import pytest
from django.db import connection

from sales.returns.proofs import PROOFS
from tests.homeshield.billing.ledger.proving import faults
from tests.sales.returns.conftest import Bought


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("DELETE FROM ledger_legs WHERE kind = 'return'", "each accepted return is credited"),
        ("UPDATE ledger_legs SET amount = 1 WHERE kind = 'return' AND account = 'client'", "each accepted return"),
        (
            "UPDATE returns SET status = 'waiting', decided_at_utc = NULL, withdrawal_id = NULL",
            "each credit of a return has its accepted return",
        ),
        ("DELETE FROM documents WHERE kind = 'credit_note'", "each credit of a return has a credit note"),
        ("UPDATE documents SET total = 1 WHERE kind = 'credit_note'", "each credit of a return has a credit note"),
    ],
)
def test_it_finds_what_was_changed_past_the_triggers(ten: Bought, deed: str, found: str) -> None:
    ten.give_back(ten.sales[0])
    connection.check_constraints()
    assert faults(PROOFS) == []
    with connection.cursor() as cursor:
        for table in ("ledger_legs", "returns", "documents", "document_mails"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(deed)
    assert any(one.startswith(found) for one in faults(PROOFS)), faults(PROOFS)
