from decimal import Decimal
from typing import override

from django.conf import settings
from django.utils import timezone

from homeshield.accounts.adapter import AccountAdapter
from homeshield.accounts.models import Client
from homeshield.billing.ledger.services import credit_limit_set


class PrepaidAccountAdapter(AccountAdapter):
    """A company that signs up is prepaid, unless SIGN_UP_CREDIT_LIMIT grants it credit."""

    @override
    def client_signed_up(self, client: Client) -> None:
        if limit := settings.SIGN_UP_CREDIT_LIMIT:
            credit_limit_set(
                client_id=client.id, credit_limit=Decimal(limit), reason="Sign-up", by=None, as_of=timezone.now()
            )
