from typing import Any, override

from allauth.account.auth_backends import AuthenticationBackend

from homeshield.accounts.models import User


class SignInBackend(AuthenticationBackend):
    """Loads the user with the client, whose status every page needs."""

    @override
    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("client").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
