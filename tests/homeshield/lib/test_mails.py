"""Every mail says the same as text and as HTML, which loads nothing and lets nobody write HTML into it."""

import re
from html import unescape

from homeshield.lib.mails import mail_message

TEXT = """Someone invites you: <b>Ann & Bob</b>.
Two lines.

https://shop.example/join?a=1&b=2

123-456

When: Jun 1, 2026, 12:00 PM UTC
From: 192.0.2.1

--
HomeShield
"""


def test_a_mail_as_text_and_html() -> None:
    message = mail_message("Hello", TEXT, ["ann@agency.example"], headers={"Message-ID": "<1@x.example>"})
    assert (message.body, message.to, message.extra_headers) == (
        TEXT, ["ann@agency.example"], {"Message-ID": "<1@x.example>"}
    )  # fmt: skip
    [(content, kind)] = message.alternatives
    html = str(content)
    assert kind == "text/html"
    assert "&lt;b&gt;Ann &amp; Bob&lt;/b&gt;.<br>Two lines." in html
    assert 'href="https://shop.example/join?a=1&amp;b=2"' in html
    assert re.search(r'<p class="code"[^>]*>123-456</p>', html)
    assert re.search(r"<td[^>]*>When</td>\s*<td[^>]*>Jun 1, 2026, 12:00 PM UTC</td>", html)
    assert not re.search(r"<(img|link|script)|url\(|@import", html)
    words = unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL))
    assert "--" not in words
