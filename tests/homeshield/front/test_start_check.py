"""gunicorn by itself meets no visitors, and serves no production site that lacks a part."""

from pathlib import Path

import pytest
from pytest_django import Settings

from homeshield.front.start_check import bind_check, production_check
from tests.homeshield.test_settings import SHOP


@pytest.mark.parametrize("address", ["unix:/run/shop.sock", ("127.0.0.1", 8000), ("::1", 8000), ("localhost", 8000)])
def test_this_machine_alone_is_right(address: str | tuple[str, int]) -> None:
    bind_check([address])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "shop.example", ""])
def test_beyond_it_nothing_starts(host: str, settings: Settings) -> None:
    with pytest.raises(RuntimeError, match=r"Start it with manage\.py serve"):
        bind_check([("127.0.0.1", 8001), (host, 8000)])
    settings.BEHIND_BUFFERING_PROXY = True
    bind_check([(host, 8000)])


def test_a_production_site_serves_no_pages_as_the_owner(settings: Settings, tmp_path: Path) -> None:
    settings.DEBUG, settings.WEB_DATABASE, settings.STATIC_ROOT = False, None, tmp_path
    with pytest.raises(RuntimeError, match="WEB_DATABASE_URL is missing: pages would be served as the owner"):
        production_check()
    settings.WEB_DATABASE = {"USER": "web", "NAME": SHOP}
    with pytest.raises(RuntimeError, match=r"Run manage\.py collectstatic, and start again"):
        production_check()
    (tmp_path / "staticfiles.json").touch()
    production_check()


def test_a_development_site_needs_none_of_it(settings: Settings) -> None:
    settings.DEBUG, settings.WEB_DATABASE = True, None
    production_check()
