"""Text from a visitor, made harmless to every place where it will be shown; what it says is left as it is.

Memory and store must hold the same text, and so must widget, console and export show the same: what one of them could
not keep (NUL, half of a surrogate pair) or would act on (control characters, marks that reverse the direction of the
text that follows, by which words can be made to look like others) is taken out here, once.
"""

from __future__ import annotations

import re

_NEW_LINES = re.compile("\r\n?|\u2028|\u2029|\x85")
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufeff]")
_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def harmless(text: str) -> str:
    """Without what no text needs; new lines are \\n. Half surrogates become "?". Blanks at both ends are gone."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return _UNWANTED.sub("", _NEW_LINES.sub("\n", whole)).strip()


def is_client_id(text: str) -> bool:
    """Whether a window may name a frame so. A colon is not possible: names of our own have one."""
    return _CLIENT_ID.fullmatch(text) is not None
