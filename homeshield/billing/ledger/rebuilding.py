"""For `reset_test_inventory` alone, on development sites: the ledger as if nothing had ever been ordered.

TRUNCATE, because nothing else removes a row. Everything else that happened is entered anew, in its order.
"""

from django.db.backends.utils import CursorWrapper

REBUILD = """
    CREATE TEMPORARY TABLE kept_accounts ON COMMIT DROP AS SELECT * FROM client_accounts;
    CREATE TEMPORARY TABLE kept_transactions ON COMMIT DROP AS
        SELECT * FROM ledger_transactions WHERE kind NOT IN ('order', 'return');
    CREATE TEMPORARY TABLE kept_legs ON COMMIT DROP AS
        SELECT * FROM ledger_legs WHERE kind NOT IN ('order', 'return');
    TRUNCATE ledger_legs, ledger_transactions, client_accounts, budget_months;
    INSERT INTO client_accounts (client_id, credit_limit, adopted_at_utc)
        SELECT client_id, credit_limit, adopted_at_utc FROM kept_accounts;
    INSERT INTO ledger_transactions SELECT * FROM kept_transactions WHERE kind <> 'reversal';
    INSERT INTO ledger_transactions SELECT * FROM kept_transactions WHERE kind = 'reversal';
    INSERT INTO ledger_legs (transaction_id, kind, account, client_id, amount)
        SELECT transaction_id, kind, account, client_id, amount FROM kept_legs
        ORDER BY kind = 'reversal', client_id, entry
"""


def ledger_rebuild_without_orders(cursor: CursorWrapper) -> None:
    """Balances follow from what is left; each leg has its number and its balance anew."""
    cursor.execute(REBUILD)
