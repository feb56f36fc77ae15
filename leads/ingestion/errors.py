from homeshield.lib.errors import DomainError


class IngestRefused(DomainError):
    """Nothing of the file was loaded."""

    code, status, title = "ingest_refused", 422, "File not loaded"
    sentence = "{reason}"
    reason: str
