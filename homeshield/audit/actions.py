from django.db.models import TextChoices


class AuditAction(TextChoices):
    """Stored in rows that never change: add values, never reuse one."""

    SIGN_IN = "sign_in", "Sign-in"
    SIGN_OUT = "sign_out", "Sign-out"
    SIGN_UP = "sign_up", "Sign-up"
    PASSWORD_CHANGE = "password.change", "Password changed"
    PASSWORD_RESET = "password.reset", "Password reset"
    EMAIL_CHANGE = "email.change", "Email address changed"
    EMAIL_CONFIRM = "email.confirm", "Email address confirmed"
    MFA_ADD = "mfa.add", "Second factor added"
    MFA_REMOVE = "mfa.remove", "Second factor removed"
    MFA_RESET = "mfa.reset", "Recovery codes made anew"
    MFA_CHECK = "mfa.check", "Second factor checked"
    SESSION_END = "session.end", "Session ended"

    CLIENT_CREATE = "client.create", "Client created"
    CLIENT_STATUS = "client.status", "Client's status changed"
    CLIENT_CHANGE = "client.change", "Client changed"
    USER_CREATE = "user.create", "User created"
    USER_STATUS = "user.status", "User's status changed"
    USER_ROLE = "user.role", "User's role changed"
    USER_PERMISSIONS = "user.permissions", "User's permissions changed"
    INVITATION_SEND = "invitation.send", "Invitation sent"
    INVITATION_ACCEPT = "invitation.accept", "Invitation accepted"
    INVITATION_WITHDRAW = "invitation.withdraw", "Invitation withdrawn"
    API_KEY_CREATE = "api_key.create", "API key made"
    API_KEY_REVOKE = "api_key.revoke", "API key revoked"

    PRICE_SET = "price.set", "Price set"
    PRICE_WITHDRAW = "price.withdraw", "Price withdrawn"
    PURCHASE = "purchase", "Purchase"
    LEDGER_ADJUST = "ledger.adjust", "Balance adjusted"
    LEDGER_REVERSE = "ledger.reverse", "Ledger transaction reversed"
    CREDIT_LIMIT = "credit_limit.set", "Credit limit set"
    BUDGET_SET = "budget.set", "Budget set"
    EXPORT_START = "export.start", "Export begun"
    EXPORT_END = "export.end", "Export ended"
    INGEST = "ingest", "Ingest"
    WITHDRAWAL_MAKE = "withdrawal.make", "Leads withdrawn"
    WITHDRAWAL_TAKE_BACK = "withdrawal.take_back", "Withdrawal taken back"
    SUPPRESSION_START = "suppression.start", "Suppression list started"
    SUPPRESSION_UPLOAD = "suppression.upload", "Suppression entries confirmed"
    SUPPRESSION_CHANGE = "suppression.change", "Suppression list changed"
    SUPPRESSION_REMOVE = "suppression.remove", "Suppression list removed"
    SUPPRESSION_END = "suppression.end", "Suppression list ended on its date"
    PERSON_FIND = "person.find", "Person looked up by phone number"
    OPT_OUT = "opt_out", "Opt-out"
    OPT_OUT_LIST = "opt_out.list", "List of opt-outs worked through"
    ERASE = "erase", "Leads erased"
    NOTICE_CONFIRM = "notice.confirm", "Notices confirmed"
    RETENTION = "retention", "Removed as no longer needed"
    PERSONAL_DATA_SEE = "personal_data.see", "Personal data seen"
    ADMIN_ADD = "admin.add", "Added by staff"
    ADMIN_CHANGE = "admin.change", "Changed by staff"
    ADMIN_DELETE = "admin.delete", "Deleted by staff"


class Outcome(TextChoices):
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class Channel(TextChoices):
    """How an act came in (homeshield/lib/origin.py)."""

    PAGE = "page", "Page"
    API = "api", "API"
    COMMAND = "command", "Command"
    PROCESS = "process", "Process"
