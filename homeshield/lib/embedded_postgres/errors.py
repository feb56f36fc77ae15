class EmbeddedPostgresError(RuntimeError):
    """The message says why there is no database and what to do."""
