import logging
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string

from homeshield.accounts.models import User
from homeshield.accounts.permissions import ClientRole
from homeshield.lib.mails import mail_send

logger = logging.getLogger(__name__)


def owners_mail(*, client_id: UUID, subject: str, template: str, context: Mapping[str, object]) -> bool:
    """Mails a client's active owners. Call it after commit; a mail failure is only logged. Returns whether all went.

    `subject` must not contain user input.
    """
    text = render_to_string(template, dict(context))
    owners = User.objects.filter(client_id=client_id, role=ClientRole.OWNER, is_active=True).order_by("email")
    sent = True
    for email in owners.values_list("email", flat=True):
        try:
            mail_send(f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}", text, [email])
        except OSError:  # SMTPException is a subclass
            logger.exception("A mail to an owner could not be sent.")
            sent = False
    return sent
