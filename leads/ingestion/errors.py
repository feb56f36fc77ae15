"""The refusal of the pipeline."""

from homeshield.lib.errors import DomainError


class IngestRefused(DomainError):
    """The file cannot be loaded. Nothing of it was."""

    code, status, title = "ingest_refused", 422, "File not loaded"
    sentence = "{reason}"
    reason: str
