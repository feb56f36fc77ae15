from typing import LiteralString

TRANSACTION: LiteralString = """
    INSERT INTO ledger_transactions (id, kind, source_id, client_id, happened_at_utc, entered_by_id, api_key_id,
                                     reference)
    VALUES (%(ledger_id)s, %(ledger_kind)s, %(ledger_source)s, %(ledger_client)s, %(ledger_as_of)s, %(ledger_user)s,
            %(ledger_api_key)s, {reference})
"""

LEGS: LiteralString = """
    INSERT INTO ledger_legs (transaction_id, kind, account, client_id, amount)
    VALUES (%(ledger_id)s, %(ledger_kind)s, %(ledger_house)s, NULL, %(ledger_of_house)s),
           (%(ledger_id)s, %(ledger_kind)s, 'client', %(ledger_client)s, %(ledger_of_client)s)
"""
"""The client's leg comes last, because it locks the account until the commit."""

# No RETURNING and no SELECT: the web's role adds what it may not read.
RECORDING: LiteralString = f"{TRANSACTION.format(reference='%(ledger_reference)s')}; {LEGS}"
