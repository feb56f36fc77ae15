"""Contract, "Person": the key of a phone number."""

import hashlib
import hmac
from base64 import b64decode
from uuid import UUID

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings

from leads.contact_keys import digits, key_hex, key_of, key_of_digest, key_of_digits, lead_keys

NUMBER = "4155559317"
SHA_256 = "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E="
"""Of NUMBER, as California writes it in its lists."""


@pytest.mark.parametrize(
    "text",
    [
        *("4155559317", "14155559317", "+1 (415) 555-9317", "1-415-555-9317", "415.555.9317", " 415 555 9317 "),
        *(
            "'4155559317",
            "tel:+14155559317",
            "\N{NO-BREAK SPACE}415\N{NON-BREAKING HYPHEN}555\N{EN DASH}9317",
        ),
        "４１５５５５９３１７",
    ],
)
def test_a_number_is_its_ten_digits_however_it_is_written(text: str) -> None:
    assert digits(text) == NUMBER


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "undefined", "UNDEFINED", "null", "None", "n/a", "NA", "nan", "-", "#N/A", "#REF!"),
        *("415555931", "41555593170", "24155559317", "114155559317", "4155559317 x12", "4155559317/4155559317"),
        *("0155559317", "1155559317", "11155559317", "10155559317"),  # a first digit of 0 or 1
        *("2" * 10, "9" * 10, "1" + "2" * 10, "0" * 10),  # ten equal digits
        *(f"{area}1559317" for area in (800, 833, 844, 855, 866, 877, 888)),
        "18001559317",
    ],
)
def test_what_can_be_nobodys_number_has_no_key(text: str | None) -> None:
    assert digits(text) is None
    assert key_of(text) is None


@pytest.mark.parametrize("area", ["801", "822", "843", "899", "808"])
def test_area_codes_beside_the_toll_free_ones_are_peoples(area: str) -> None:
    assert digits(f"{area}1559317") == f"{area}1559317"


def test_a_list_of_numbers_and_a_list_of_digests_meet_the_same_key() -> None:
    digest = b64decode(SHA_256)
    assert hashlib.sha256(NUMBER.encode()).digest() == digest
    expected = UUID(bytes=hmac.new(settings.CONTACT_KEY.encode(), digest, "sha256").digest()[:16])
    assert key_of_digits(NUMBER) == key_of_digest(digest) == key_of("+1 415 555 9317") == expected
    assert key_hex(NUMBER) == expected.hex


@pytest.mark.parametrize("secret", ["k" * 50, "k" * 64, "k" * 65, "é" * 40])
def test_the_key_is_that_of_hmac_whatever_the_length_of_the_secret(secret: str, settings: Settings) -> None:
    settings.CONTACT_KEY = secret
    assert key_of_digits(NUMBER) == key_of_digest(b64decode(SHA_256))


def test_another_secret_makes_another_key(settings: Settings) -> None:
    before = key_of_digits(NUMBER)
    settings.CONTACT_KEY = "another-one-" * 5
    assert key_of_digits(NUMBER) != before


@pytest.mark.parametrize("digest", [b"", b"x" * 31, b"x" * 33, SHA_256.encode()])
def test_only_a_sha_256_is_a_digest(digest: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        key_of_digest(digest)


def test_a_lead_has_each_key_once() -> None:
    one, other = key_hex("3181000101"), key_hex("3181000102")
    assert lead_keys("3181000101", "318-100-0102") == (one, other)
    assert lead_keys("3181000101", "+1 318 100 0101") == (one, "")
    assert lead_keys("undefined", "3181000102") == ("", other)
    assert lead_keys("3181000101", "8001000102") == (one, "")
    assert lead_keys("", "") == ("", "")
