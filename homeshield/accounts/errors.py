"""Refusals of accounts."""

from homeshield.lib.errors import DomainError


class AccountRefused(DomainError):
    """An account that cannot be made. `field` names the argument to mend: "company", "email" or "password"."""

    code = "account_refused"
    status = 422

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class EmailTaken(AccountRefused):
    """Another user signs in with this address."""

    code = "email_taken"
    status = 409

    def __init__(self) -> None:
        super().__init__("email", "Another user has this e-mail address. Use another one.")
