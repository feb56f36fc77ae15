from homeshield.lib.errors import DomainError


class DocumentNotFound(DomainError):
    code, status, title = "document_not_found", 404, "Document not found"
    sentence = "Your company has no such document."


class DocumentsNotMailed(DomainError):
    """The mail server took some mails or none. What is left is tried again."""

    code, status = "documents_not_mailed", 503
    sentence = "{left} of the mails of this document could not be sent."
    left: int
