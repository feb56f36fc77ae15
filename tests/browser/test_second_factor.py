"""A passkey, from a browser with an authenticator of its own: added, then signed in with instead of the password."""

from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from tests.browser.conftest import sign_in
from tests.factories import PASSWORD


def test_a_passkey_is_added_and_signs_in_without_a_password(page: Page, buyer: User) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    sign_in(page, buyer)
    page.goto("/accounts/second-factor/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_text("Account", exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Browse leads")).to_be_visible()
