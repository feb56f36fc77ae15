"""The one family of refusals that the business knows.

A service refuses by raising a DomainError and leaves everything as it was. Two places translate it for people
and programs: homeshield/middleware.py for pages, and the API's error handler.
"""


class DomainError(Exception):
    """A refusal that the user can understand and act upon.

    `code` names the kind for programs, `status` is the HTTP status that fits, and the message (the first
    argument) says what is wrong and how to mend it. Never put personal data into the message. `retry_after`: the
    whole seconds after which the same request may succeed, where time is all that it needs.
    """

    code = "domain_error"
    status = 400
    retry_after: int | None = None

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def detail(self) -> dict[str, object]:
        """What programs are told, as JSON can hold it; a subclass adds what the refusal is about."""
        return {"error": self.code, "message": self.message}
