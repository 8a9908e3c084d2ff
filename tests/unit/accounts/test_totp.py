"""Codes of the second factor."""

from __future__ import annotations

import pyotp
import pytest

from bot.accounts import totp

# RFC 6238, appendix B: the secret and two of the times, six digits of the eight.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(("now", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    assert totp.step_of(RFC_SECRET, code, now) == now // 30


def test_a_code_is_good_half_a_minute_early_or_late_and_no_longer() -> None:
    code = pyotp.TOTP(RFC_SECRET).generate_otp(100)
    assert [totp.step_of(RFC_SECRET, code, step * 30) for step in range(98, 103)] == [None, 100, 100, 100, None]


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "١٢٣٤٥٦", "1" * 5000, "0x1234"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert totp.step_of(RFC_SECRET, code, 3000) is None


def test_spaces_in_a_code_do_not_matter() -> None:
    assert totp.step_of(RFC_SECRET, " 287 082 ", 59) == 1


def test_enrolment_gives_what_authenticators_read() -> None:
    secret = totp.new_secret()
    uri = totp.enrolment_uri(secret, login="marie@x.fr", issuer="Mairie de Saint-É")
    assert uri.startswith("otpauth://totp/Mairie%20de%20Saint-%C3%89:marie%40x.fr?secret=")
    assert pyotp.parse_uri(uri).now() == pyotp.TOTP(secret).now()
    svg = totp.qr_svg(uri)
    assert svg.startswith(b"<?xml")
    assert b"<script" not in svg
    assert totp.new_secret() != secret


def test_recovery_codes_are_all_different_and_known_by_their_digest_however_typed() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == len(codes) == 10
    assert totp.recovery_digest(codes[0].upper().replace("-", " ")) == totp.recovery_digest(codes[0])
    assert totp.recovery_digest(codes[0]) != totp.recovery_digest(codes[1])
