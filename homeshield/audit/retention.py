"""Addresses of old events: the digest stays."""

from django.conf import settings

from homeshield.audit.addresses import addresses_forget, old_addresses
from homeshield.lib.retention import Kept


def kept() -> tuple[Kept, ...]:
    """By the setting AUDIT_ADDRESS_DAYS."""
    return (
        Kept(
            what="Network addresses in the audit record",
            days=settings.AUDIT_ADDRESS_DAYS,
            count=lambda before: old_addresses(before=before),
            remove=lambda before: addresses_forget(before=before),
        ),
    )
