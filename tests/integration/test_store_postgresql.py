"""The store on a real PostgreSQL: every rule that holds on SQLite, and what only a server can do wrong."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from bot.dialogue import Channel
from bot.errors import StoreUnavailable
from bot.store import Store, TurnRecord, upgrade_database
from tests.ports import free_port
from tests.processes import end
from tests.unit.store.conftest import clock, store  # noqa: F401  (fixtures)
from tests.unit.store.test_store_accounts import *  # noqa: F403
from tests.unit.store.test_store_audit import *  # noqa: F403
from tests.unit.store.test_store_calls import *  # noqa: F403
from tests.unit.store.test_store_conversations import *  # noqa: F403
from tests.unit.store.test_store_handovers import *  # noqa: F403
from tests.unit.store.test_store_messages import *  # noqa: F403
from tests.unit.store.test_store_retention import *  # noqa: F403
from tests.unit.store.test_store_sqlite import (
    test_migrations_make_exactly_the_tables_of_the_models,  # noqa: F401
)

START_SECONDS = 30
PASSWORD = "hunter2"
TEMPLATE = "migrated"


@dataclass
class Server:
    """A PostgreSQL of our own, in a temporary directory, on a free port of the loopback."""

    programs: Path
    directory: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    # PostgreSQL refuses to run as root
    owner: dict[str, Any] = field(default_factory=dict)

    def url(self, name: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://guichet:{password}@127.0.0.1:{self.port}/{name}"

    def prepare(self) -> None:
        (self.directory / "password").write_text(PASSWORD)
        arguments = ["--no-sync", "--encoding=UTF8", "--auth=scram-sha-256", "--username=guichet"]
        arguments += [f"--pwfile={self.directory / 'password'}", f"--pgdata={self.directory / 'cluster'}"]
        subprocess.run(
            [self.programs / "initdb", *arguments], check=True, capture_output=True, cwd=self.directory, **self.owner
        )

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.directory,
            "fsync": "off",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.directory / "cluster", *arguments],
                stderr=log,
                stdout=log,
                cwd=self.directory,
                start_new_session=True,
                **self.owner,
            )
        until = time.monotonic() + START_SECONDS
        while subprocess.run(
            [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False
        ).returncode:
            if time.monotonic() > until or self.process.poll() is not None:
                pytest.fail((self.directory / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, farewell=signal.SIGINT)  # "fast": ends the connections, then itself
            self.process = None

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    directory = Path(tempfile.mkdtemp(prefix="guichet-pg-"))
    server = Server(found[-1].parent, directory, free_port())
    if os.geteuid() == 0:
        server.owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(directory, "postgres", "postgres")
    try:
        server.prepare()
        server.start()
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(upgrade_database(server.url(TEMPLATE)))
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)


@pytest.fixture
def url(server: Server, request: pytest.FixtureRequest) -> str:
    """A new database: with the tables made for who asks for an open store, empty for who opens it for the test."""
    name = f"test_{uuid4().hex}"
    template = f"TEMPLATE {TEMPLATE}" if "store" in request.fixturenames else ""
    server.execute(f"CREATE DATABASE {name} {template}")
    return server.url(name)


async def test_gateways_that_start_together_make_the_tables_once(url: str) -> None:
    stores = await asyncio.gather(*(Store.open(url) for _ in range(4)))
    conversation_id = await stores[0].start_conversation(Channel.WEB)
    assert await stores[3].conversation(conversation_id) is not None
    for each in stores:
        await each.close()


async def test_a_server_that_goes_and_comes_back_is_used_again(server: Server, url: str) -> None:
    opened = await Store.open(url)
    conversation_id = await opened.start_conversation(Channel.PHONE)
    server.stop()
    server.start()
    assert await opened.add_turn(conversation_id, TurnRecord(heard="rien remarqué")) == 1
    server.stop()
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1") as failure:
        await opened.add_turn(conversation_id, TurnRecord(heard="mot confidentiel"))
    with pytest.raises(StoreUnavailable):
        await opened.ping()
    server.start()
    assert "confidentiel" not in str(failure.value)
    assert await opened.add_turn(conversation_id, TurnRecord(heard="de retour")) == 2
    await opened.close()


@pytest.mark.parametrize(("name", "password"), [("postgres", "wrong-secret"), ("no_such_database", PASSWORD)])
async def test_a_refused_connection_names_the_setting_and_no_password(server: Server, name: str, password: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"store\.url") as failure:
        await Store.open(server.url(name, password))
    assert password not in str(failure.value)
    assert name in str(failure.value)


async def test_a_read_only_server_says_what_to_do(server: Server, url: str) -> None:
    opened = await Store.open(url)
    conversation_id = await opened.start_conversation(Channel.WEB)
    name = url.rpartition("/")[2]
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await opened.close()
    opened = Store(opened._engine)
    with pytest.raises(StoreUnavailable, match="read-only"):
        await opened.add_turn(conversation_id, TurnRecord(heard="bonjour"))
    assert await opened.conversation(conversation_id) is not None
    await opened.close()
