"""What `guichet doctor` finds wrong with the telephone and the notices, before a caller does."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from pydantic import SecretStr

from bot.commands.doctor import _LOOKS, Finding, _examined
from bot.settings import DeskSettings, LinesSettings, NotifySettings, PhoneSettings, Settings, WebSettings
from tests.ports import free_port

OPEN = {"host": "192.0.2.10", "allowed_peers": "192.0.2.0/24", "transfer_to": "sip:4000@pbx.example"}


def nobody() -> WebSettings:
    """An address at which no service of ours answers."""
    return WebSettings(port=free_port())


def telephone(lines: LinesSettings | None = None, **phone: Any) -> Finding:
    settings = Settings(phone=PhoneSettings(**phone), lines=lines or LinesSettings())
    return _examined("telephone", _LOOKS["telephone"], settings)


def notices(**notify: Any) -> Finding:
    return _examined("notices", _LOOKS["notices"], Settings(notify=NotifySettings(**notify)))


def test_a_line_that_is_set_up_is_well() -> None:
    assert telephone(**OPEN).ok
    assert telephone().ok  # of this machine only
    assert telephone(enabled=False).ok
    assert telephone(**OPEN, dial_as="sip:{number}@pbx.example", callback_allowed="+33, +590").ok


@pytest.mark.parametrize(
    ("phone", "named"),
    [
        (OPEN | {"allowed_peers": " "}, "phone.allowed_peers"),
        (OPEN | {"transfer_to": "", "offer_callback": False}, "phone.transfer_to"),
        ({"callback_allowed": "+33, 0690"}, "0690"),
        ({"dial_as": "sip:{number}@pbx.example"}, "phone.callback_allowed"),
        ({"transfer_to": "4000"}, "phone.transfer_to"),
        ({"account": "bot"}, "phone.account"),
        ({"codecs": "g729"}, "phone.codecs"),
        ({"rtp_ports": "20000-20003"}, "phone.rtp_ports"),
        ({"account": "bot@pbx.example", "transport": "tls", "ca_file": "/nowhere/ca.pem"}, "phone.ca_file"),
    ],
)
def test_a_line_that_harms_its_callers_is_a_fault(phone: dict[str, Any], named: str) -> None:
    finding = telephone(**phone)
    assert not finding.ok
    assert named in finding.detail


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_taken_telephone_port_is_a_fault_whichever_transport_has_it(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        settings = Settings(phone=PhoneSettings(port=other.getsockname()[1]), web=nobody())
        finding = _examined("ports", _LOOKS["ports"], settings)
    assert not finding.ok
    assert "phone.port" in finding.detail


def test_a_taken_port_of_another_line_is_a_fault() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        lines = LinesSettings(audiosocket_enabled=True, audiosocket_port=other.getsockname()[1])
        settings = Settings(phone=PhoneSettings(port=free_port()), lines=lines, web=nobody())
        finding = _examined("ports", _LOOKS["ports"], settings)
    assert not finding.ok
    assert "lines.audiosocket_port" in finding.detail


@pytest.mark.parametrize(
    "lines",
    [
        LinesSettings(audiosocket_enabled=True, audiosocket_host="0.0.0.0"),
        LinesSettings(web_enabled=True, web_host="192.0.2.10"),
    ],
)
def test_callers_of_another_line_must_reach_a_person_too(lines: LinesSettings) -> None:
    finding = telephone(lines, offer_callback=False)
    assert not finding.ok
    assert "phone.transfer_to" in finding.detail
    assert telephone(lines, transfer_to="sip:4000@pbx.example").ok


def test_where_the_desk_takes_every_caller_nobody_else_is_needed() -> None:
    nobody_else = PhoneSettings(**OPEN | {"transfer_to": ""})
    looks = [
        _examined("telephone", _LOOKS["telephone"], Settings(phone=nobody_else, desk=desk))
        for desk in (DeskSettings(calls="desk"), DeskSettings(calls="line"), DeskSettings(call_ways=["phone"]))
    ]
    assert [look.ok for look in looks] == [True, False, False], "the last can dial no telephone: phone.dial_as is empty"
    assert "a call that Guichet itself loses ends" in looks[0].detail


def test_notices_that_can_arrive_are_well() -> None:
    assert notices().ok
    assert notices(url="https://sms.example/x", secret=SecretStr("s")).ok
    assert notices(url="http://127.0.0.1:8080/x", secret=SecretStr("s")).ok
    assert notices(command=["true"]).ok


@pytest.mark.parametrize(
    ("notify", "named"),
    [
        ({"url": "https://sms.example/x"}, "notify.secret"),
        ({"url": "http://sms.example/x", "secret": SecretStr("s")}, "https"),
        ({"url": "sms.example", "secret": SecretStr("s")}, "notify.url"),
        ({"url": "https://sms.example/x", "command": ["true"]}, "notify.command"),
        ({"command": ["/nowhere/send-sms"]}, "notify.command"),
    ],
)
def test_notices_that_cannot_arrive_or_be_trusted_are_a_fault(notify: dict[str, Any], named: str) -> None:
    finding = notices(**notify)
    assert not finding.ok
    assert named in finding.detail
