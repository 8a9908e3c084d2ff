"""The second factor: codes of thirty seconds (RFC 6238), their QR code, and recovery codes for a lost telephone.

A code is good for its own half minute and the one before and after. Whoever accepts one must keep its step
(`TotpStep`) and refuse it from then on: a code read over a shoulder is worth nothing once it has been used.
"""

from __future__ import annotations

import io
import secrets
from base64 import b32encode
from hashlib import sha256

import pyotp
import segno

STEP_SECONDS = 30
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10  # 80 bits: sixteen characters, for which one digest without salt is enough


def new_secret() -> str:
    """160 bits in base 32, as authenticators take it."""
    return pyotp.random_base32(32)


def enrolment_uri(secret: str, *, login: str, issuer: str) -> str:
    """What the QR code holds: otpauth://totp/…"""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def qr_svg(uri: str) -> bytes:
    """The QR code as an SVG document, dark on white whatever the theme."""
    out = io.BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=True)
    return out.getvalue()


def step_of(secret: str, code: str, now: float) -> int | None:
    """The time step whose code this is, or None. Every candidate is compared, in constant time each."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    totp, present, found = pyotp.TOTP(secret), int(now) // STEP_SECONDS, None
    for step in (present - 1, present, present + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), digits):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes, each good once: `abcd-efgh-ijkl-mnop`."""
    return [_grouped(b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()) for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> str:
    """Of a recovery code, however it is typed."""
    bare = "".join(char for char in code.lower() if char.isalnum())
    return sha256(bare.encode()).hexdigest()


def _grouped(text: str) -> str:
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
