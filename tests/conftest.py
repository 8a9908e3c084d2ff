"""For every test: nothing of the operator's own settings, no limit of time for an example, no priority over others."""

from __future__ import annotations

import ctypes
import os
import signal

from hypothesis import HealthCheck, settings

# A lane of scripts/test runs in the background, where nobody's Ctrl-C comes: it is ended by SIGTERM, and must tear down
# what its fixtures have started.
signal.signal(signal.SIGTERM, signal.default_int_handler)

for name in [name for name in os.environ if name.startswith("GUICHET_") and name != "GUICHET_SCREENSHOTS"]:
    del os.environ[name]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("guichet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("guichet")

# As root, Chromium gives its own threads a niceness of -8, whatever it was started with: packets that are due every
# 20 ms in a test beside it come too late. Without this right it cannot; for other users the call does nothing.
_PR_CAPBSET_DROP, _CAP_SYS_NICE = 24, 23
ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE, 0, 0, 0)
