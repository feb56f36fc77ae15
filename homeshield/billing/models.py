"""One module shows Django all models of the app."""

from homeshield.billing.budgets.models import Budget, BudgetMonth
from homeshield.billing.documents.models import BillingDetails, Document, DocumentMail
from homeshield.billing.ledger.models import (
    ClientAccount,
    ClientWithAccount,
    CreditLimitChange,
    LedgerLeg,
    LedgerTransaction,
)
from homeshield.billing.payments.ledger_sources import LedgerTransactionOfPayments
from homeshield.billing.payments.models import Payment, PaymentEvent
from homeshield.billing.payments.refund_models import Dispute, Refund, RefundRequest
from homeshield.billing.payments.top_up_models import TopUp

__all__ = [
    "BillingDetails",
    "Budget",
    "BudgetMonth",
    "ClientAccount",
    "ClientWithAccount",
    "CreditLimitChange",
    "Dispute",
    "Document",
    "DocumentMail",
    "LedgerLeg",
    "LedgerTransaction",
    "LedgerTransactionOfPayments",
    "Payment",
    "PaymentEvent",
    "Refund",
    "RefundRequest",
    "TopUp",
]
