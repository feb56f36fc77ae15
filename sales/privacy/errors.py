"""Refusals of opt-outs and of notices."""

from homeshield.lib.errors import DomainError


class NoticeNotFound(DomainError):
    code, status, title = "notice_not_found", 404, "Notice not found"
    sentence = "You have no such notice."


class OptOutDecided(DomainError):
    """Staff decided on this opt-out before, or the person confirmed it meanwhile."""

    code, status, title = "opt_out_decided", 409, "Already decided"
    sentence = "This opt-out was decided already. Nothing was changed."


class CodeWrong(DomainError):
    code, status, title = "code_wrong", 422, "Wrong code"
    sentence = "This code is wrong or too old. Check the last message, or start again to get a new code."


class ListUnreadable(DomainError):
    code, status = "list_unreadable", 422
    sentence = "{reason} Nothing was changed."
    reason: str


class NoticesNotMailed(DomainError):
    code, status = "notices_not_mailed", 503
    sentence = "The mail server is down. The scheduler tries again."
