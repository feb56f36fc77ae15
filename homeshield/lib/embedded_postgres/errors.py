"""The one error of the launcher."""


class EmbeddedPostgresError(RuntimeError):
    """The development database cannot be had; the message says why and what to do."""
