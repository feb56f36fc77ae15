"""The one refusal of the pipeline."""

from homeshield.lib.errors import DomainError


class IngestRefused(DomainError):
    """The file cannot be loaded at all; nothing of it was."""

    code = "ingest_refused"
    status = 422
