"""What `verify_ledger` proves of returns (contract, "Return")."""

from homeshield.billing.ledger.proofs import Proof

PROOFS = (
    Proof(
        what="each accepted return is credited exactly once, with what its sale cost",
        faults="""
            SELECT returned.id
            FROM returns returned
            JOIN sales ON sales.id = returned.sale_id
            LEFT JOIN ledger_transactions made ON made.kind = 'return' AND made.source_id = returned.id
            LEFT JOIN ledger_legs leg ON leg.transaction_id = made.id AND leg.account = 'client'
            WHERE returned.status = 'accepted' AND sales.purchase_price > 0
              AND (leg.client_id, leg.amount) IS DISTINCT FROM (sales.client_id, sales.purchase_price)
        """,
    ),
    Proof(
        what="each credit of a return has its accepted return",
        faults="""
            SELECT made.id FROM ledger_transactions made
            WHERE made.kind = 'return'
              AND NOT EXISTS (SELECT FROM returns
                              WHERE id = made.source_id AND client_id = made.client_id AND status = 'accepted')
        """,
    ),
    Proof(
        what="each credit of a return has a credit note of the same amount",
        faults="""
            SELECT made.id
            FROM ledger_transactions made
            JOIN ledger_legs leg ON leg.transaction_id = made.id AND leg.account = 'client'
            LEFT JOIN documents note ON note.kind = 'credit_note' AND note.source_id = made.source_id
            WHERE made.kind = 'return' AND (note.client_id, note.total) IS DISTINCT FROM (leg.client_id, leg.amount)
        """,
    ),
)
