"""Callers in the desk's queue, on a real PostgreSQL."""

from __future__ import annotations

from tests.integration.test_store_postgresql import server, url  # noqa: F401  (fixtures)
from tests.unit.desk.conftest import clock, desk, store, sweep, visitors  # noqa: F401  (fixtures)
from tests.unit.desk.test_callers import *  # noqa: F403  (every test of the desk's callers, on this store)
from tests.unit.desk.test_callers import bringing, callers, policy  # noqa: F401  (fixtures)
