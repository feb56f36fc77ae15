"""One module shows Django all pages of the app."""

from homeshield.billing.documents import admin as documents

__all__ = ["documents"]
