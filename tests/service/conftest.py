from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.hearing import load_lexicon
from bot.settings import load_settings
from tests.service.running import Service
from voice.engines import load_whisper
from voice.whisper import Whisper


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service, shared by the tests that do not break it."""
    running = Service(tmp_path_factory.mktemp("guichet")).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def recogniser() -> Whisper:
    """The tests' own ear: what was said in a call is listened to by transcribing it."""
    settings = load_settings()
    return load_whisper(settings, load_lexicon(settings).prompt)
