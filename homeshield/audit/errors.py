"""Refusals of the audit record."""

from homeshield.lib.errors import DomainError


class HeadUnreadable(DomainError):
    """A head of the chain that was not copied whole."""

    code = "audit_head_unreadable"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            "A head is a number, a colon and 64 hexadecimal digits, as verify_audit and seal_audit print it: "
            "1234:9f86d081…"
        )
