"""Signed documents: Ed25519 over the text, so that one changed byte shows."""

import json
from base64 import b64decode, b64encode
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class NotCertified(Exception):
    """The document is not what was signed with this key. The message says why."""


def render(document: dict[str, Any]) -> bytes:
    """The one text of a document, as ASCII. A document read from it and rendered again is the same."""
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def signed(document: dict[str, Any]) -> bytes:
    """The text of the document with its signature under CERTIFICATE_KEY, which must be set."""
    signature = _private_key(settings.CERTIFICATE_KEY).sign(render(document))
    return render(document | {"signature": b64encode(signature).decode()})


def verified(text: bytes, public_key: str) -> dict[str, Any]:
    """The document of a signed text. `public_key` is Base64. Raises NotCertified, also for a single changed byte."""
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
    except ValueError:
        raise NotCertified("The public key is not an Ed25519 key in Base64.") from None
    try:
        document = json.loads(text)
        signature = document.pop("signature")
        if render(document | {"signature": signature}) != text:
            raise NotCertified("The file was changed.")
        decoded = b64decode(signature, validate=True)
        if b64encode(decoded).decode() != signature:  # the last character has bits that nothing reads
            raise NotCertified("The file was changed.")
        key.verify(decoded, render(document))
    except InvalidSignature:
        raise NotCertified("The file was changed, or signed with another key.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotCertified("The file is not a signed certificate.") from None
    return dict(document)


def public_key() -> str:
    """The key that proves our signatures, as Base64; empty without CERTIFICATE_KEY."""
    if not settings.CERTIFICATE_KEY:
        return ""
    return b64encode(_private_key(settings.CERTIFICATE_KEY).public_key().public_bytes_raw()).decode()


@cache
def _private_key(secret: str) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"certificates of orders").derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)
