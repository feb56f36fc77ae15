from homeshield.lib.errors import DomainError


class HeadUnreadable(DomainError):
    code, status = "audit_head_unreadable", 422
    sentence = (
        "A head is a number, a colon and 64 hexadecimal digits, as verify_audit and seal_audit print it: 1234:9f86d081…"
    )
