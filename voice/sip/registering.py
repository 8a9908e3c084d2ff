"""Why the registrar does not have us, in words that name what to change. Pure.

The stack gives a SIP status, or the error of the operating system that its socket met: a certificate that nobody
vouches for is "Protocol error [71]" to it, and a name that cannot be found "Destination address required [89]".
"""

from __future__ import annotations

import re

from bot.settings import PhoneSettings

_CREDENTIALS = "check phone.account, phone.password, and phone.auth_user where the trunk has an authentication ID"
_STATUSES = {
    "401": f"{_CREDENTIALS}.",
    "403": f"{_CREDENTIALS}; and that the PBX lets this address register.",
    "404": "the PBX does not know this user: check phone.account.",
    "407": f"{_CREDENTIALS}.",
}
_ERRORS = {
    "71": "its certificate is not believed: phone.ca_file must vouch for it, and it must name phone.account's host.",
    "89": "it cannot be found: check the host of phone.account, phone.transport, and the name server of this machine.",
    "104": "it hung up on us: check phone.transport and the port in phone.account.",
    "111": "nothing listens there: check phone.transport and the port in phone.account.",
}
_UNREACHABLE = "check phone.account and phone.transport, the firewall, and that phone.allowed_peers lists the PBX."


def why_not_registered(reason: str, phone: PhoneSettings) -> str:
    """The stack's reason with the remedy: one sentence for the operator, without the account itself."""
    told = reason.strip() or "no answer"
    if status := re.match(r"\d{3}\b", told):
        remedy = _STATUSES.get(status[0], "ask whoever runs the PBX, or look at its log.")
    else:
        number = re.search(r"\[(\d+)\]\s*$", told)
        remedy = _ERRORS.get(number[1] if number else "", _UNREACHABLE)
    return f"{told} ({phone.transport}): {remedy}"
