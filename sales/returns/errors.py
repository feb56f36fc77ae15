"""Refusals to take leads back, or to decide on that."""

from homeshield.lib.errors import DomainError
from sales.errors import Busy


class ReturnNotFound(DomainError):
    code, status, title = "return_not_found", 404, "Return not found"
    sentence = "There is no such return."


class ReturnDecided(DomainError):
    code, status, title = "return_decided", 409, "Already decided"
    sentence = "This return was decided before. Nothing was changed."


class WordMissing(DomainError):
    code, status = "word_missing", 422
    sentence = "Tell the buyer why."


class ReturnsBusy(Busy):
    """A load, a list of opt-outs or other returns hold what a return changes."""

    sentence = "Other changes to the stock are under way at the moment. Nothing was returned. Please try again."
    retry_after = 5


class UnreadableReturns(DomainError):
    code, status = "unreadable_returns", 422
    sentence = "{reason}"
    reason: str


class ReturnsFileTooLarge(DomainError):
    code, status, title = "file_too_large", 413, "File too large"
    sentence = "A file of returns has {kilobytes} KB at most. Nothing was returned. Split it, and upload the parts."
    kilobytes: int


class DecisionsNotMailed(DomainError):
    code, status = "decisions_not_mailed", 503
    sentence = "The mail server is down. The scheduler tries again."
