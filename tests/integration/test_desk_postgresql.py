"""The desk on a real PostgreSQL: every rule that holds on SQLite, claims by several gateways first of all."""

from __future__ import annotations

from tests.integration.test_store_postgresql import server, url  # noqa: F401  (fixtures)
from tests.unit.desk.conftest import clock, desk, policy, store, sweep, visitors  # noqa: F401  (fixtures)
from tests.unit.desk.test_crowd import *  # noqa: F403  (the same tests on another database)
from tests.unit.desk.test_desk import *  # noqa: F403  (the same tests on another database)

del test_a_store_that_fails_leaves_everything_as_it_was  # noqa: F821  (it makes SQLite fail)
