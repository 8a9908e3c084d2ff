"""Memory that an engine needed for a moment, given back to the machine."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_memory_back() -> None:
    """Loading takes twice the memory that remains; glibc keeps the rest unless asked. A few milliseconds."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
