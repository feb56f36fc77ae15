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

__all__ = [
    "BillingDetails",
    "Budget",
    "BudgetMonth",
    "ClientAccount",
    "ClientWithAccount",
    "CreditLimitChange",
    "Document",
    "DocumentMail",
    "LedgerLeg",
    "LedgerTransaction",
]
