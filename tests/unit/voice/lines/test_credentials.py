"""Who may come in over the web."""

from __future__ import annotations

import base64

import pytest

from voice.lines.credentials import is_basic, is_signed, is_token, same, signed_urls, twilio_signature


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_the_signature_is_the_one_twilio_documents() -> None:
    form = {
        "To": "+18005551212",
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio_signature(url, form, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert is_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", [url], form, "12345")
    assert not is_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", [url], form, "")
    assert not is_signed("RSOYDt4T1cUTdK1PDd93/VVr8B8=", [url], {}, "12345")


def test_a_stream_is_signed_as_wss_at_the_public_address() -> None:
    urls = signed_urls("https://bot.example.org", "127.0.0.1:8011", "/lines/media-streams", is_stream=True)
    assert "wss://bot.example.org/lines/media-streams" in urls
    assert all(url.startswith("wss://bot.example.org") for url in urls)


def test_behind_a_path_and_a_port_the_address_is_still_the_public_one() -> None:
    urls = signed_urls("https://bot.example.org:8443/voice/", "x", "/lines/media-streams/next", is_stream=False)
    assert "https://bot.example.org:8443/voice/lines/media-streams/next" in urls


def test_without_a_public_address_the_host_header_is_believed() -> None:
    urls = signed_urls("", "bot.example.org", "/lines/media-streams", is_stream=True)
    assert "wss://bot.example.org/lines/media-streams" in urls


@pytest.mark.parametrize(
    ("header", "right"),
    [
        (basic("guichet:secret"), True),
        (basic("guichet:se:cret"), False),
        (basic("guichet:"), False),
        (basic("other:secret"), False),
        ("Basic ???", False),
        ("Basic \udcff", False),
        ("Bearer secret", False),
        ("", False),
    ],
)
def test_basic_credentials(header: str, right: bool) -> None:
    assert is_basic(header, "guichet", "secret") is right


def test_a_token_comes_as_bearer_or_as_a_password() -> None:
    assert is_token("Bearer secret", "secret")
    assert is_token("bearer  secret ", "secret")
    assert is_token(basic("anyone:secret"), "secret")
    assert not is_token("Bearer wrong", "secret")
    assert not is_token("secret", "secret")


def test_nothing_equals_an_empty_secret() -> None:
    assert not same("", "")
    assert not is_basic(basic(":"), "", "")
    assert not is_token("Bearer ", "")
    assert not same("\udcff\udc80", "secret")
