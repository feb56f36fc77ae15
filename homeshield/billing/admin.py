"""One module shows Django all pages of the app."""

from homeshield.billing.documents import admin as documents
from homeshield.billing.ledger import admin as ledger
from homeshield.billing.payments import admin as payments

__all__ = ["documents", "ledger", "payments"]
