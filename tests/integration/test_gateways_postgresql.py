"""Several gateways on a real PostgreSQL, where two may write in the same instant."""

from __future__ import annotations

from tests.integration.test_store_postgresql import server, url  # noqa: F401  (fixtures)
from tests.unit.desk.conftest import clock, store, visitors  # noqa: F401  (fixtures)
from tests.unit.desk.test_gateways import *  # noqa: F403  (the same tests on another database)
from tests.unit.desk.test_gateways import gateways, policy  # noqa: F401  (fixtures)
