from datetime import datetime

from homeshield.lib.errors import DomainError


class AccountRefused(DomainError):
    """`field` is the argument to correct."""

    code, status, title = "account_refused", 422, "Check what you entered"
    sentence = "{reason}"
    field: str
    reason: str


class EmailTaken(AccountRefused):
    code, status = "email_taken", 409
    field: str = "email"
    reason: str = "Another user has this email address. Use another one."


class KeyRefused(AccountRefused):
    code = "api_key_refused"
    field: str = "name"


class TooManyKeys(DomainError):
    code, status, title = "too_many_api_keys", 409, "Too many API keys"
    sentence = "A company can have {most} API keys. Revoke one that nothing uses."
    most: int


class KeyNotFound(DomainError):
    code, status, title = "api_key_not_found", 404, "Key not found"
    sentence = "This key doesn't exist, or it was revoked already."


class InvitationGone(DomainError):
    code, status, title = "invitation_gone", 404, "Invitation no longer valid"
    sentence = (
        "This invitation was used or withdrawn, or it is more than a week old. "
        "Ask the person who invited you for a new one."
    )


class NotInvited(DomainError):
    code, status, title = "not_invited", 403, "This invitation isn’t for you"
    sentence = (
        "It is for another account, or for somebody who doesn't belong to a company yet. "
        "Ask the person who invited you to use another address."
    )


class MailNotSent(DomainError):
    code, status, title = "mail_not_sent", 503, "The mail was not sent"
    sentence = "The invitation is ready, but our mail server is down. Invite this address again in a few minutes."


class MemberNotFound(DomainError):
    code, status, title = "member_not_found", 404, "User not found"
    sentence = "This user isn't on your team anymore."


class KeysNotShown(DomainError):
    """The user has API keys that the owner was not shown."""

    code, status, title = "keys_not_shown", 409, "This user has new API keys"
    sentence = "This user has API keys that the page didn't show yet. Check them, then remove the user."


class LastOwner(DomainError):
    code, status, title = "last_owner", 409, "A company needs an owner"
    sentence = "A company needs an owner. Make somebody else an owner first."


class SecondFactorMissing(DomainError):
    code, status, title = "second_factor_missing", 409, "Set up two-step verification first"
    sentence = "Set up two-step verification for yourself first. Then you can require it of your company."


class NotABuyer(DomainError):
    code, status, title = "not_a_buyer", 403, "A page for buyers"
    sentence = "This page is for buyers, and your account doesn't belong to a buying company."


class NotAuthenticated(DomainError):
    code, status, title = "not_authenticated", 401, "API key needed"
    sentence = (
        "This call needs a valid API key in the header: Authorization: Bearer hs_live_... "
        "Create one on the API keys page of your account."
    )


class ForAnotherClient(DomainError):
    code, status, title = "client_of_another_key", 403, "Not this key’s client"
    sentence = "The client_id is not that of the API key. A key acts for its own client only."


class RoleMayNot(DomainError):
    code, status, title = "role_may_not", 403, "You don’t have access"
    sentence = "{who} can't {act}. Ask an owner for {role} access."
    who: str
    act: str
    role: str


class StatusForbids(DomainError):
    code, status, title = "client_not_active", 403, "Your company’s account is not active"
    sentence = "Your company's account {standing}"
    standing: str = "is not active. Please contact us."


class ClientMayNotBuy(StatusForbids):
    code = "client_may_not_buy"


STANDING = {
    "pending": "is waiting for approval. You can do this once it is approved.",
    "suspended": "is suspended. Please contact us.",
    "closed": "is closed. Please contact us.",
}
"""Completes the message of `StatusForbids`, by client status."""


class TooOften(DomainError):
    code, status, title = "rate_limited", 429, "Please wait a moment"
    sentence = "That was too often in a short time. Wait a minute, then try again."
    retry_after = 60


class RateLimited(DomainError):
    code, status, title = "rate_limited", 429, "Please wait a moment"
    sentence = "Too many calls with this API key. Try again in {retry_after} s."
    retry_after: int


class TooManyAttempts(DomainError):
    code, status, title = "too_many_attempts", 429, "Please wait a moment"
    sentence = (
        "Too many calls from your address without a valid API key. Try again in {retry_after} s. "
        "Calls with a valid key still work."
    )
    retry_after: int


class PreviewsUsed(DomainError):
    code, status, title = "previews_used", 429, "No previews left today"
    sentence = (
        "Your company has seen its {most:,} previews of today. More from {again_at:%b %-d, %Y, %-I:%M %p} UTC on. "
        "Counts, prices and purchases still work."
    )
    most: int
    again_at: datetime
    retry_after: int


class PasswordsBusy(DomainError):
    code, status, title = "passwords_busy", 503, "Please wait a moment"
    sentence = "Many people are signing in right now. Wait a few seconds, then try again."
    retry_after = 5


class TooManyPasswords(DomainError):
    code, status, title = "too_many_passwords", 429, "Please wait a moment"
    sentence = "Too many passwords came from your network. Wait {retry_after} s, then try again."
    retry_after: int
