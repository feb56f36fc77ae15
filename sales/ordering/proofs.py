"""What `verify_ledger` proves of orders (contract, "Money")."""

from homeshield.billing.ledger.proofs import Proof

PROOFS = (
    Proof(
        what="each order is paid exactly once, or older than its client's account",
        faults="""
            SELECT orders.id
            FROM orders
            JOIN client_accounts account ON account.client_id = orders.client_id
            LEFT JOIN ledger_transactions made ON made.kind = 'order' AND made.source_id = orders.id
            LEFT JOIN ledger_legs leg ON leg.transaction_id = made.id AND leg.account = 'client'
            WHERE orders.total > 0
              AND (account.adopted_at_utc IS NULL OR orders.placed_at_utc >= account.adopted_at_utc)
              AND (leg.client_id, leg.amount) IS DISTINCT FROM (orders.client_id, - orders.total)
        """,
    ),
    Proof(
        what="each payment of an order has its order",
        faults="""
            SELECT made.id FROM ledger_transactions made
            WHERE made.kind = 'order'
              AND NOT EXISTS (SELECT FROM orders WHERE id = made.source_id AND client_id = made.client_id)
        """,
    ),
    Proof(
        what="each order costs what its sales cost",
        faults="""
            SELECT orders.id
            FROM orders LEFT JOIN (SELECT order_id, sum(purchase_price) AS paid FROM sales GROUP BY order_id) AS sold
                               ON sold.order_id = orders.id
            WHERE orders.total IS DISTINCT FROM sold.paid
        """,
    ),
)
