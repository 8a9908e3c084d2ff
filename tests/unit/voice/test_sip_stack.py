"""Settings of the telephone, in the stack's terms."""

from __future__ import annotations

import socket

import pytest
from pydantic import SecretStr

from bot.errors import BadSettings
from bot.settings import PhoneSettings
from voice.sip.stack import account, check_listening_address, identity, stack_config


def test_without_an_account_calls_come_to_the_address_itself() -> None:
    assert identity(PhoneSettings(port=5099)).uri == "sip:guichet@127.0.0.1:5099"
    assert "regint=0" in account(PhoneSettings()).aor()


def test_with_an_account_it_is_registered() -> None:
    aor = account(PhoneSettings(account="bot@pbx.example:5061", password=SecretStr("s"), transport="tcp")).aor()
    assert aor.startswith("<sip:bot@pbx.example:5061;transport=tcp>")
    assert "regint=300" in aor


def test_calls_beyond_the_places_are_refused_by_the_stack() -> None:
    assert "call_max_calls 7" in stack_config(PhoneSettings(max_calls=7)).render()


def test_tls_checks_the_server_and_insists_on_authorities() -> None:
    tls = {"account": "bot@pbx.example", "transport": "tls"}
    text = stack_config(PhoneSettings(**tls, ca_file="/etc/ca.pem")).render()
    assert "sip_verify_server yes" in text
    assert "sip_cafile /etc/ca.pem" in text
    with pytest.raises(BadSettings, match=r"phone\.ca_file"):
        stack_config(PhoneSettings(**tls))


@pytest.mark.parametrize("name", ["bot", "@host", "bot@"])
def test_a_malformed_account_names_its_setting(name: str) -> None:
    with pytest.raises(BadSettings, match=r"phone\.account"):
        identity(PhoneSettings(account=name))


@pytest.mark.parametrize("ports", ["30000-29000", "20000-20003", "60000-70000"])
def test_impossible_sound_ports_name_their_setting(ports: str) -> None:
    with pytest.raises(BadSettings, match=r"phone\.rtp_ports"):
        stack_config(PhoneSettings(rtp_ports=ports))


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_taken_port_names_its_setting(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(BadSettings, match=r"phone\.port .* is taken"):
            check_listening_address(PhoneSettings(port=other.getsockname()[1]))


def test_a_foreign_address_names_its_setting() -> None:
    with pytest.raises(BadSettings, match=r"phone\.host"):
        check_listening_address(PhoneSettings(host="192.0.2.1"))
