"""Fixtures of the telephone line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.sip.calling import Sipp


@pytest.fixture
def callers(tmp_path: Path) -> Sipp:
    """sipp, in either role."""
    return Sipp(tmp_path)
