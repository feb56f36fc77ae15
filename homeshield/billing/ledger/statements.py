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

_EACH: LiteralString = """
    jsonb_to_recordset(%(entries)s::jsonb) AS entry (
        ledger_id uuid, ledger_kind text, ledger_source uuid, ledger_client uuid, ledger_as_of timestamptz,
        ledger_user uuid, ledger_api_key uuid, ledger_reference text, ledger_house text, ledger_of_house numeric,
        ledger_of_client numeric)
"""

RECORDING_EACH: LiteralString = f"""
    INSERT INTO ledger_transactions (id, kind, source_id, client_id, happened_at_utc, entered_by_id, api_key_id,
                                     reference)
    SELECT ledger_id, ledger_kind, ledger_source, ledger_client, ledger_as_of, ledger_user, ledger_api_key,
           ledger_reference
    FROM {_EACH};
    INSERT INTO ledger_legs (transaction_id, kind, account, client_id, amount)
    SELECT ledger_id, ledger_kind, leg.account, leg.client_id, leg.amount
    FROM {_EACH}
    CROSS JOIN LATERAL (VALUES (1, ledger_house, NULL::uuid, ledger_of_house),
                               (2, 'client', ledger_client, ledger_of_client))
        AS leg (place, account, client_id, amount)
    ORDER BY ledger_id, leg.place
"""  # noqa: S608 - the text is ours
"""RECORDING for many, by the same parameters."""
