"""At which numbers an agent may be rung: internal ones, and those that may be called anyway. Pure.

Which numbers are internal only the operator knows: 3000 is a telephone of one PBX and a service of the public network.
So the expression of the settings decides, and what it is by default leaves out whatever the network has given to
services: all that begins with 0 or 1 (0 is dialled for an outside line, 10xy, 118 xyz) and 3xyz. Calls for help and
the directories (118 xyz, several euros each) are never dialled, whatever the expression says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.desk.refusals import Unusable
from bot.errors import BadSettings, NotAllowed
from bot.phone_numbers import dialable

_BETWEEN_DIGITS = re.compile(r"[ .\-]")
_INTERNAL = re.compile(r"[0-9*]{1,32}")
DEFAULT_EXTENSIONS = "(?!3[0-9]{3}$)[2-9][0-9]{1,5}"
_NEVER = re.compile(r"0*(15|17|18|11[2459]|19[167]|116[0-9]{3}|118[0-9]{3})")
"""Also behind a 0 for an outside line. 114 is for the deaf, 115 for the homeless, 119 for children in danger, 191, 196
and 197 for aircraft, ships and attacks, 116 xyz for missing children, doctors and the like."""


@dataclass(frozen=True)
class AgentNumbers:
    """`extensions` is a regular expression of internal numbers; `prefixes` as in `bot.phone_numbers.dialable`."""

    extensions: str = DEFAULT_EXTENSIONS
    prefixes: tuple[str, ...] = ()
    _extensions: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            compiled = re.compile(self.extensions)
        except re.error as error:
            raise BadSettings(f"desk.agent_extensions is no regular expression: {error}.") from None
        object.__setattr__(self, "_extensions", compiled)

    def dialled(self, written: str) -> str:
        """The number as it is dialled: an extension as it is, any other in E.164. Raises `Unusable`."""
        digits = _BETWEEN_DIGITS.sub("", written)
        if _INTERNAL.fullmatch(digits) and self._extensions.fullmatch(digits):
            if _NEVER.fullmatch(digits):
                raise Unusable("bad_number")
            return digits
        try:
            return dialable(written, self.prefixes)
        except NotAllowed:
            raise Unusable("bad_number") from None
