"""What `verify_ledger` proves of payments, refunds and disputes (contract, "Money")."""

from homeshield.billing.ledger.proofs import Proof

_IN_THE_LEDGER = """
    SELECT source.id
    FROM ({sources}) AS source (id, kind, client_id, amount)
    LEFT JOIN ledger_transactions made ON (made.kind, made.source_id) = (source.kind, source.id)
    LEFT JOIN ledger_legs leg ON leg.transaction_id = made.id AND leg.account = 'client'
    WHERE (leg.client_id, leg.amount) IS DISTINCT FROM (source.client_id, source.amount)
"""

PROOFS = (
    Proof(
        what="each payment, refund and dispute that counts is in the ledger, with its amount",
        faults=_IN_THE_LEDGER.format(
            sources="""
                SELECT id, 'payment', client_id, amount FROM payments WHERE status = 'paid'
                UNION ALL
                SELECT refund.id, 'refund', refund.client_id, - refund.amount
                FROM payment_refunds refund JOIN payments ON payments.id = refund.payment_id
                WHERE payments.status = 'paid'
                UNION ALL
                SELECT dispute.id, 'dispute', dispute.client_id, - dispute.amount
                FROM payment_disputes dispute JOIN payments ON payments.id = dispute.payment_id
                WHERE payments.status = 'paid' AND dispute.status <> 'inquiry'
                UNION ALL
                SELECT dispute.id, 'dispute_won', dispute.client_id, dispute.amount
                FROM payment_disputes dispute JOIN payments ON payments.id = dispute.payment_id
                WHERE payments.status = 'paid' AND dispute.status = 'won'
            """
        ),
    ),
    Proof(
        what="the ledger holds no payment, refund or dispute but those",
        faults="""
            SELECT made.id FROM ledger_transactions made
            WHERE made.kind IN ('payment', 'refund', 'dispute', 'dispute_won') AND NOT (
                made.kind = 'payment' AND EXISTS (
                    SELECT FROM payments WHERE id = made.source_id AND status = 'paid')
                OR made.kind = 'refund' AND EXISTS (SELECT FROM payment_refunds WHERE id = made.source_id)
                OR made.kind = 'dispute' AND EXISTS (
                    SELECT FROM payment_disputes WHERE id = made.source_id AND status <> 'inquiry')
                OR made.kind = 'dispute_won' AND EXISTS (
                    SELECT FROM payment_disputes WHERE id = made.source_id AND status = 'won'))
        """,
    ),
    Proof(
        what="each refund that failed was given back to its client",
        faults="""
            SELECT refund.id
            FROM payment_refunds refund
            JOIN ledger_transactions made ON made.kind = 'refund' AND made.source_id = refund.id
            WHERE refund.status = 'failed'
              AND NOT EXISTS (SELECT FROM ledger_transactions WHERE kind = 'reversal' AND source_id = made.id)
        """,
    ),
)
