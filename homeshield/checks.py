from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from homeshield.lib.text_messages import text_message_sender


@register(Tags.compatibility)
def text_message_sender_check(**_options: Any) -> list[CheckMessage]:
    """Whether the sender of text messages is there."""
    try:
        text_message_sender()
    except ImportError:
        return [
            Error(
                "TEXT_MESSAGE_SENDER names nothing that can be imported.",
                hint="Set it to the dotted path of a function, or leave it empty to send no text messages.",
                id="homeshield.E001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def web_role_check(**_options: Any) -> list[CheckMessage]:
    if settings.WEB_DATABASE is not None:
        return []
    return [
        Warning(
            "WEB_DATABASE_URL is not set: the web process would connect as the owner of the tables, "
            "whom neither grants nor row-level security bind.",
            hint="Set it to a login of its own, and run manage.py provision_roles, which makes it.",
            id="homeshield.W001",
        )
    ]


@register(Tags.security, deploy=True)
def sender_check(**_options: Any) -> list[CheckMessage]:
    if not settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith(".example"):
        return []
    return [
        Warning(
            "DEFAULT_FROM_EMAIL is not set: mails would come from an address that does not exist, and be refused.",
            hint="Set it to an address of the site's own domain, such as HomeShield <no-reply@shop.example.com>.",
            id="homeshield.W002",
        )
    ]


@register(Tags.security, deploy=True)
def site_texts_check(**_options: Any) -> list[CheckMessage]:
    """Strangers decide by them whether to trust the shop, and most laws ask for them."""
    written = {"TERMS_FILE": settings.TERMS_TEXT, "PRIVACY_FILE": settings.PRIVACY_TEXT}
    missing = [name for name, text in written.items() if not text]
    found: list[CheckMessage] = []
    if missing:
        found.append(
            Warning(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: the site links to no "
                f"{' and no '.join(_TEXTS[name] for name in missing)}.",
                hint="Write the texts, and name their files (docs/operating.md).",
                id="homeshield.W003",
            )
        )
    if not settings.CONTACT_EMAIL:
        found.append(
            Warning(
                "CONTACT_EMAIL is not set: nobody learns from the site whom to write to.",
                hint="Set CONTACT_EMAIL, or SELLER_EMAIL.",
                id="homeshield.W004",
            )
        )
    return found


_TEXTS = {"TERMS_FILE": "terms of service", "PRIVACY_FILE": "privacy policy"}
