from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from homeshield.accounts.models import User
from homeshield.accounts.services import sign_in_address_set


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """The operator vouches for the address."""
        super().handle(*args, **options)
        for user in User.objects.filter(is_superuser=True, emailaddress=None):
            sign_in_address_set(user=user)
