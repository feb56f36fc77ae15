"""Refusals of accounts."""

from datetime import datetime

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


class KeyRefused(AccountRefused):
    """An API key that cannot be made: its name is at fault."""

    code = "api_key_refused"

    def __init__(self, message: str) -> None:
        super().__init__("name", message)


class TooManyKeys(AccountRefused):
    """The client has as many keys in force as it may have."""

    code = "too_many_api_keys"
    status = 409

    def __init__(self, most: int) -> None:
        super().__init__("client", f"A company has {most} keys in force at most. Revoke one that nothing uses.")


class KeyNotFound(DomainError):
    """No key of this id belongs to the client, or it has been revoked already."""

    code = "api_key_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such key, or it has been revoked already.")


class InvitationGone(DomainError):
    """An invitation that was accepted, withdrawn or has run out; or a link that was never one."""

    code = "invitation_gone"
    status = 404

    def __init__(self) -> None:
        super().__init__(
            "This invitation does not work any more: it was accepted or withdrawn, or it is more than a week old. "
            "Ask whoever invited you for a new one."
        )


class NotInvited(DomainError):
    """An invitation that is not this user's to accept."""

    code = "not_invited"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "This invitation is for another account, or for somebody who is in no company yet. "
            "Ask whoever invited you to use another address."
        )


class MemberNotFound(DomainError):
    """No user of this id is in the team."""

    code = "member_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such user in your team, or not any more.")


class KeysNotShown(DomainError):
    """A user who is to be removed has API keys that whoever removes the user has not seen."""

    code = "keys_not_shown"
    status = 409

    def __init__(self) -> None:
        super().__init__("This user has API keys that the page did not show yet. Look at them, then remove the user.")


class LastOwner(DomainError):
    """A client has at least one owner who is active."""

    code = "last_owner"
    status = 409

    def __init__(self) -> None:
        super().__init__("A company needs an owner. Make somebody else an owner first.")


class SecondFactorMissing(DomainError):
    """Who requires a second factor of the whole company has to have one first."""

    code = "second_factor_missing"
    status = 409

    def __init__(self) -> None:
        super().__init__("Set up two-step verification for yourself first. Then you can require it of your company.")


class NotAuthenticated(DomainError):
    """A call of the API without a key that is in force."""

    code = "not_authenticated"
    status = 401

    def __init__(self) -> None:
        super().__init__(
            "This call needs a valid API key in the header: Authorization: Bearer hs_live_... "
            "Keys are made and revoked on the page API keys of your account."
        )


class RoleMayNot(DomainError):
    """The user's role in the company, or a key, does not allow it."""

    code = "role_may_not"
    status = 403

    def __init__(self, act: str) -> None:
        super().__init__(
            f"Your role in your company does not include this: {act[0].lower()}{act[1:]}. "
            "An owner of your company can give you another role."
        )


_STANDING = {
    "pending": "still waits for approval by our staff. You will be able to do this once it is approved.",
    "suspended": "is suspended. Please write to our staff.",
    "closed": "is closed. Please write to our staff.",
}


class StatusForbids(DomainError):
    """The company's status does not allow it; an active company may do everything that its users' roles include."""

    code = "client_not_active"
    status = 403

    def __init__(self, status: str, *, buying: bool = False) -> None:
        if buying:
            self.code = "client_may_not_buy"
        super().__init__(f"Your company's account is not active: it {_STANDING[status]}")


class MailNotSent(DomainError):
    """What was to be mailed is written, and the mail server did not take the mail."""

    code = "mail_not_sent"
    status = 503

    def __init__(self, message: str) -> None:
        super().__init__(message)


class ForAnotherClient(DomainError):
    """A request that names another client than the key's."""

    code = "client_of_another_key"
    status = 403

    def __init__(self) -> None:
        super().__init__("The client_id is not that of the API key. A key acts for its own client alone.")


class RateLimited(DomainError):
    """The key has used up its allowance; `retry_after` seconds later there is some again."""

    code = "rate_limited"
    status = 429

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"Too many calls with this API key. Try again in {retry_after} s.")


class PreviewsUsed(DomainError):
    """The client has been shown as many leads as it may see in a day before purchase. There are more from `again_at`
    (UTC) on."""

    code = "previews_used"
    status = 429

    def __init__(self, most: int, *, again_at: datetime, retry_after: int) -> None:
        self.most, self.again_at, self.retry_after = most, again_at, retry_after
        super().__init__(
            f"Your company has seen its {most:,} previews of today. There are more from {again_at:%Y-%m-%d %H:%M} UTC "
            "on. Counts, prices and purchases work as always."
        )


class PasswordsBusy(DomainError):
    """So many passwords are looked at just now that this one would only wait."""

    code = "passwords_busy"
    status = 503
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("Many people are signing in just now. Wait a few seconds, then try again.")


class TooManyPasswords(DomainError):
    """An address has sent more passwords than people behind it would type."""

    code = "too_many_passwords"
    status = 429

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"Too many passwords came from your network. Wait {retry_after} s, then try again.")


class TooManyAttempts(DomainError):
    """An address has called without a key in force too often. Keys that are in force are not held up by it."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"Too many calls from your address without a valid API key. Try again in {retry_after} s; calls with a "
            "valid key are answered meanwhile."
        )
