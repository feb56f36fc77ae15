"""`verify_ledger` finds what somebody changed by hand, past the triggers."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from homeshield.billing.ledger.proofs import PROOFS
from tests.factories import ClientFactory
from tests.homeshield.billing.ledger.money import pay_in
from tests.homeshield.billing.ledger.proving import faults


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("UPDATE ledger_legs SET amount = amount + 1 WHERE account = 'cash'", ["each transaction has two legs"]),
        ("DELETE FROM ledger_legs WHERE account = 'cash'", ["each transaction has two legs"]),
        ("DELETE FROM ledger_transactions", ["each leg belongs"]),
        ("UPDATE client_accounts SET balance = balance + 1", ["each balance is the sum"]),
        ("UPDATE ledger_legs SET balance_after = 7 WHERE entry = 1", ["each balance after an entry"]),
        ("UPDATE ledger_legs SET entry = 9 WHERE entry = 2", ["each balance after an entry"]),
        ("UPDATE client_accounts SET credit_limit = 5", ["each credit limit"]),
        ("DELETE FROM client_accounts", ["each client has an account", "each balance is the sum"]),
    ],
)
@pytest.mark.usefixtures("money_alone")
def test_it_finds_what_was_changed_past_the_triggers(deed: str, found: list[str]) -> None:
    client = ClientFactory()
    pay_in(client, "10.00")
    pay_in(client, "20.00")
    connection.check_constraints()
    assert faults(PROOFS) == []
    with connection.cursor() as cursor:
        for table in ("ledger_transactions", "ledger_legs", "client_accounts"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(deed)
    told = faults(PROOFS)
    assert [any(one.startswith(start) for one in told) for start in found] == [True] * len(found), told


@pytest.mark.django_db(transaction=True)
def test_the_command_says_what_holds_and_fails_where_something_does_not() -> None:
    client, out = ClientFactory(), io.StringIO()
    call_command("verify_ledger", stdout=out)
    assert "Holds: each order is paid exactly once" in out.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE client_accounts DISABLE TRIGGER USER")
        cursor.execute("UPDATE client_accounts SET balance = 1")
        cursor.execute("ALTER TABLE client_accounts ENABLE TRIGGER USER")
    out = io.StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("verify_ledger", "--json", stdout=out)
    assert failed.value.returncode == 1
    told = json.loads(out.getvalue())
    assert not told["holds"]
    assert [one["ids"] for one in told["proofs"] if one["faults"]] == [[str(client.id)]]
