"""Whose pages may use the server: what an operator writes, what a browser says, and who passes."""

from __future__ import annotations

import pytest

from bot.errors import BadSettings
from bot.origins import Origins, allowed
from bot.settings import load_settings

SITE = "https://www.mairie.example"
HERE = "http://127.0.0.1:8010"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (SITE, SITE),
        ("https://WWW.Mairie.example/", SITE),
        (" https://www.mairie.example:443 ", SITE),
        ("http://www.mairie.example:80", "http://www.mairie.example"),
        ("https://mairie.example:8443", "https://mairie.example:8443"),
        ("https://élus.example", "https://xn--lus-9la.example"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:3000", "http://localhost:3000"),
    ],
)
def test_a_site_is_understood_as_a_browser_writes_it(written: str, meant: str) -> None:
    assert allowed(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "*",
        "https://*.example",
        "null",
        "",
        "www.mairie.example",
        "//www.mairie.example",
        "ftp://www.mairie.example",
        "https://www.mairie.example/portail",
        "https://www.mairie.example?x=1",
        "https://user@www.mairie.example",
        "https://www.mairie.example:99999",
        "https://a b.example",
        "https://",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_site_is_a_mistake_that_names_the_setting(written: str) -> None:
    with pytest.raises(BadSettings, match=r"web\.allowed_origins"):
        load_settings(web={"allowed_origins": [SITE, written]})


@pytest.mark.parametrize("written", ["chat.example", "https://chat.example/?a", "ws://chat.example"])
def test_a_public_address_that_is_none_is_a_mistake(written: str) -> None:
    with pytest.raises(BadSettings, match=r"web\.public_url"):
        load_settings(web={"public_url": written})


def test_a_proxy_that_is_no_address_is_a_mistake() -> None:
    with pytest.raises(BadSettings, match=r"web\.trusted_proxies.*proxy\.example"):
        load_settings(web={"trusted_proxies": ["10.0.0.0/8", "proxy.example"]})


@pytest.mark.parametrize(
    ("origin", "site", "passes"),
    [
        (HERE, None, True),
        (SITE, "cross-site", True),
        (None, "same-origin", True),
        ("https://evil.example", "same-origin", True),  # the browser knows better than a proxy that rewrites
        (None, None, False),
        ("", None, False),
        (None, "none", False),
        (None, "same-site", False),
        ("null", "cross-site", False),
        ("null", None, False),
        ("https://evil.example", "cross-site", False),
        ("http://www.mairie.example", "cross-site", False),
        ("https://www.mairie.example:8443", None, False),
        ("https://www.mairie.example.evil.example", None, False),
        ("https://evil.example/https://www.mairie.example", None, False),
        ("HTTPS://www.mairie.example", None, False),
        ("https://127.0.0.1:8010", None, False),
        ("http://127.0.0.1:80100", None, False),
    ],
)
def test_who_passes(origin: str | None, site: str | None, passes: bool) -> None:
    assert Origins.of([SITE], "", HERE).admit(origin, site, HERE) is passes


def test_behind_a_proxy_the_public_address_is_ours_and_what_the_request_says_is_not() -> None:
    origins = Origins.of([], "https://chat.example/guichet", HERE)
    assert origins.admit("https://chat.example", None, "http://chat.example")
    assert origins.admit(HERE, None, HERE)
    assert not origins.admit("http://rebound.example:8010", None, "http://rebound.example:8010")
    assert not origins.admit("http://chat.example", None, "http://chat.example")


def test_answers_are_shared_with_allowed_sites_only() -> None:
    origins = Origins.of([SITE], "", HERE)
    assert [origins.shares_with(one) for one in (SITE, HERE, "null", None)] == [True, False, False, False]
    assert origins.frame_ancestors == SITE
    assert Origins().frame_ancestors == "'none'"
