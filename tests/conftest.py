"""For every test: nothing of the operator's own settings, and no network but this machine's."""

from __future__ import annotations

import os

for name in [name for name in os.environ if name.startswith("GUICHET_") and name != "GUICHET_SCREENSHOTS"]:
    del os.environ[name]
