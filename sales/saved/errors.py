from homeshield.lib.errors import DomainError


class TooManySearches(DomainError):
    code, status, title = "too_many_searches", 409, "Too many saved searches"
    sentence = "You have {most} saved searches, the most there can be. Remove one first."
    most: int


class NameTaken(DomainError):
    code, status, title = "search_name_taken", 409, "You have a search by this name"
    sentence = "You have saved a search by this name. Choose another one."


class SearchNotFound(DomainError):
    code, status, title = "search_not_found", 404, "Search not found"
    sentence = "This search is not among yours anymore."


class SearchesNotMailed(DomainError):
    """The mail server did not take it. The scheduler has it tried again."""

    code, status, title = "searches_not_mailed", 503, "Mail not sent"
    sentence = "The mail about saved searches could not be sent."
