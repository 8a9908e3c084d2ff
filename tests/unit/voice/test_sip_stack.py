"""Settings of the telephone, in the stack's terms."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import BadSettings
from bot.settings import PhoneSettings
from voice.sip.registering import why_not_registered
from voice.sip.stack import (
    account,
    allowed_networks,
    check,
    check_listening_address,
    identity,
    listening_aor,
    number_accounts,
    stack_config,
)


def test_without_an_account_calls_come_to_the_address_itself() -> None:
    assert identity(PhoneSettings(port=5099)).uri == "sip:guichet@127.0.0.1:5099"
    assert "regint=0" in account(PhoneSettings()).aor()


def test_with_an_account_it_is_registered() -> None:
    aor = account(PhoneSettings(account="bot@pbx.example:5061", password=SecretStr("s"), transport="tcp")).aor()
    assert aor.startswith("<sip:bot@pbx.example:5061;transport=tcp>")
    assert "regint=120" in aor


def test_the_stack_takes_more_calls_than_there_are_places_to_refuse_politely_and_to_ring_an_agent_for_each() -> None:
    assert "call_max_calls 16" in stack_config(PhoneSettings(max_calls=7, polite_refusals=2)).render()


def test_only_an_unregistered_account_is_called_over_any_transport() -> None:
    assert listening_aor(account(PhoneSettings())).startswith("<sip:guichet@127.0.0.1:5070>;")
    registered = PhoneSettings(account="bot@pbx.example", transport="tcp")
    assert ";transport=tcp>" in listening_aor(account(registered))


def test_with_numbers_no_other_user_is_answered() -> None:
    phone = PhoneSettings(numbers="+33199001000, 3900,guichet")
    assert "catchall" not in account(phone).aor()
    assert [number.user for number in number_accounts(phone)] == ["+33199001000", "3900"]
    assert "catchall=yes" in account(PhoneSettings()).aor()


def test_codecs_are_offered_in_the_order_of_the_setting() -> None:
    assert "audio_codecs=opus/48000/2,pcma;" in account(PhoneSettings(codecs="opus, pcma")).aor()


@pytest.mark.parametrize("codecs", ["", "pcma,g729", "PCMA"])
def test_an_unknown_codec_names_its_setting(codecs: str) -> None:
    with pytest.raises(BadSettings, match=r"phone\.codecs"):
        account(PhoneSettings(codecs=codecs))


@pytest.mark.parametrize(
    ("encryption", "mediaenc"), [("srtp", "srtp"), ("srtp_required", "srtp-mand"), ("dtls_srtp", "dtls_srtp")]
)
def test_encryption_is_asked_of_the_stack(encryption: str, mediaenc: str) -> None:
    assert f"mediaenc={mediaenc};" in account(PhoneSettings.model_validate({"encryption": encryption})).aor() + ";"
    assert "mediaenc" not in account(PhoneSettings()).aor()


def test_nobody_may_refer_us_elsewhere() -> None:
    assert "call_transfer=no" in account(PhoneSettings()).aor()


def test_peers_are_addresses_or_networks() -> None:
    networks = allowed_networks(PhoneSettings(allowed_peers="192.0.2.7, 198.51.100.0/24"))
    assert [str(network) for network in networks] == ["192.0.2.7/32", "198.51.100.0/24"]
    assert allowed_networks(PhoneSettings()) == []


@pytest.mark.parametrize("peers", ["pbx.example", "192.0.2.0/33", "::1"])
def test_a_peer_that_is_no_ipv4_network_names_its_setting(peers: str) -> None:
    with pytest.raises(BadSettings, match=r"phone\.allowed_peers"):
        allowed_networks(PhoneSettings(allowed_peers=peers))


def test_the_password_may_be_that_of_another_user_than_the_account() -> None:
    trunk = {"account": "0033199001234@sip.example", "password": SecretStr("secret")}
    assert "auth_user" not in account(PhoneSettings(**trunk)).aor()
    assert ";auth_user=LX77;" in account(PhoneSettings(**trunk, auth_user="LX77")).aor()
    with pytest.raises(BadSettings, match=r"phone\.auth_user"):
        account(PhoneSettings(**trunk, auth_user="two words"))


def test_tls_checks_the_server_and_insists_on_authorities() -> None:
    tls = {"account": "bot@pbx.example", "transport": "tls"}
    text = stack_config(PhoneSettings(**tls, ca_file="/etc/ca.pem")).render()
    assert "sip_verify_server yes" in text
    assert "sip_cafile /etc/ca.pem" in text
    with pytest.raises(BadSettings, match=r"phone\.ca_file"):
        stack_config(PhoneSettings(**tls))


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_authorities_that_cannot_be_read_name_their_setting(tmp_path: Path, content: str | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    with pytest.raises(BadSettings, match=r"phone\.ca_file is .*ca\.pem"):
        check(PhoneSettings(account="bot@pbx.example", transport="tls", ca_file=str(ca_file)))


@pytest.mark.parametrize("target", ["4000", "4000@pbx.example", "sip:", "sip:4000@pbx example"])
def test_a_person_who_has_no_address_names_the_setting(target: str) -> None:
    with pytest.raises(BadSettings, match=r"phone\.transfer_to"):
        check(PhoneSettings(transfer_to=target))


@pytest.mark.parametrize(
    "target", ['"Accueil" <sip:4000@pbx>', "Accueil<sip:4000@pbx>", "Accueil de la mairie <sip:4000@pbx>"]
)
def test_a_person_with_a_name_is_told_how_to_be_written(target: str) -> None:
    with pytest.raises(BadSettings, match=r"alone, as sip:4000@pbx\.$"):
        check(PhoneSettings(transfer_to=target))


@pytest.mark.parametrize("target", ["", "sip:4000@pbx.example", "<sips:4000@pbx;user=phone>", "tel:+33199001000"])
def test_whoever_has_one_may_be_transferred_to(target: str) -> None:
    check(PhoneSettings(transfer_to=target))


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("401 Unauthorized", "phone.password"),
        ("401 Unauthorized", "phone.auth_user"),
        ("403 Forbidden", "phone.auth_user"),
        ("407 Proxy Authentication Required", "phone.auth_user"),
        ("403 Forbidden", "lets this address register"),
        ("404 Not Found", "phone.account"),
        ("503 Service Unavailable", "its log"),
        ("Protocol error [71]", "phone.ca_file"),
        ("Destination address required [89]", "name server"),
        ("Connection refused [111]", "the port in phone.account"),
        ("Connection timed out [110]", "phone.allowed_peers"),
        ("", "no answer (tls)"),
    ],
)
def test_why_we_are_not_registered_names_what_to_change(reason: str, named: str) -> None:
    told = why_not_registered(reason, PhoneSettings(account="4100@pbx.example", transport="tls"))
    assert told.startswith(reason)
    assert named in told
    assert "4100" not in told


@pytest.mark.parametrize("name", ["bot", "@host", "bot@", "bot@host:0", "bot@host:99999", "bot@host:sip", "bot@host:"])
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
