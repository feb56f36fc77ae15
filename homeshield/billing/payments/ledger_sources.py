"""That the ledger holds of payments, refunds and disputes what their rows say, and nothing else."""

from typing import ClassVar

import pgtrigger

from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import LedgerTransaction
from homeshield.billing.ledger.triggers import source_trigger
from homeshield.lib.triggers import FirmOwnerTrigger

_PAYMENT = """
    SELECT FROM payments
    WHERE id = NEW.source_id AND client_id = NEW.client_id AND status = 'paid' AND amount = of_client
"""

# What an owner asked for is taken from money that is there. What staff refund at Stripe has happened already.
_REFUND = """
    SELECT FROM payment_refunds
    WHERE id = NEW.source_id AND client_id = NEW.client_id AND amount = - of_client
      AND (request_id IS NULL
           OR (SELECT balance_after FROM ledger_legs WHERE transaction_id = NEW.id AND account = 'client') >= 0)
"""

_DISPUTE = """
    SELECT FROM payment_disputes
    WHERE id = NEW.source_id AND client_id = NEW.client_id AND amount = - of_client AND status <> 'inquiry'
"""

_DISPUTE_WON = """
    SELECT FROM payment_disputes
    WHERE id = NEW.source_id AND client_id = NEW.client_id AND amount = of_client AND status = 'won'
"""


class LedgerTransactionOfPayments(LedgerTransaction):
    """Carries the triggers that compare transactions with the payments' rows."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            source_trigger(kind=Kind.PAYMENT, source=_PAYMENT),
            source_trigger(kind=Kind.REFUND, source=_REFUND),
            source_trigger(kind=Kind.DISPUTE, source=_DISPUTE),
            source_trigger(kind=Kind.DISPUTE_WON, source=_DISPUTE_WON),
            FirmOwnerTrigger(
                name="payment_is_reversed",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__kind=Kind.REVERSAL.value),
                func="""
                    UPDATE payments SET reversed_at_utc = NEW.happened_at_utc
                    FROM ledger_transactions reversed
                    WHERE reversed.id = NEW.source_id AND reversed.kind = 'payment'
                      AND payments.id = reversed.source_id;
                    RETURN NULL;
                """,
            ),
        ]
