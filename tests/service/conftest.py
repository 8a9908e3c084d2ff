from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.running import Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service, shared by the tests that do not break it."""
    running = Service(tmp_path_factory.mktemp("guichet")).start()
    yield running
    assert running.stop() == 0
