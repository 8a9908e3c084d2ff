"""Agents who call back, with a real PostgreSQL: one of two calls, the promise is never lost."""

from __future__ import annotations

from tests.integration.test_store_postgresql import server, url  # noqa: F401  (fixtures)
from tests.unit.desk.conftest import clock, desk, store, sweep, visitors  # noqa: F401  (fixtures)
from tests.unit.desk.test_calling_back import *  # noqa: F403  (the same tests on another database)
