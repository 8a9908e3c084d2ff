"""`guichet users` and `guichet audit`, as an operator types them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.errors import AuditBroken, Conflict, GuichetError, UnknownAccount, WeakPassword
from tests.databases import prepared_url
from tests.unit.accounts.people import cheap_hasher

PASSWORD = "cheval bleu sous la pluie"


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory in which nobody has ever been. Hashes take a millisecond: their strength is tested elsewhere."""
    monkeypatch.setenv("GUICHET_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("bot.accounts.passwords.Hasher", cheap_hasher)
    return tmp_path


@pytest.fixture
def data(nothing: Path) -> Path:
    """With the tables already made."""
    prepared_url(nothing)
    return nothing


def guichet(*arguments: str, typed: str = "") -> Result:
    result = CliRunner().invoke(app, list(arguments), input=typed)
    if isinstance(result.exception, GuichetError):
        raise result.exception
    return result


def add(login: str, role: str = "agent", *more: str) -> None:
    guichet("users", "add", login, "--role", role, "--password-stdin", *more, typed=PASSWORD + "\n")


def test_the_first_administrator_and_others_are_added_listed_and_changed(data: Path) -> None:
    assert "--role administrator" in guichet("users", "list").output
    add("Marie", "administrator", "--name", "Marie M.", "--team", "etat_civil", "--skill", "en")
    guichet("users", "add", "jean", "--no-password")
    guichet("users", "role", "MARIE", "supervisor")
    guichet("users", "assign", "jean", "--team", "ccas")
    guichet("users", "disable", "jean")
    guichet("users", "totp-reset", "jean")
    guichet("users", "password", "marie", "--password-stdin", typed="quatre tasses sur le mur\n")
    people = [json.loads(line) for line in guichet("users", "list", "--json").output.splitlines()]
    assert [(one["login"], one["role"], one["teams"]) for one in people] == [
        ("jean", "agent", ["ccas"]),
        ("marie", "supervisor", ["etat_civil"]),
    ]
    assert people[0]["disabled_at"]
    assert people[1]["must_change_password"]
    shown = guichet("users", "list").output
    assert "disabled, no password" in shown
    assert PASSWORD not in shown
    guichet("users", "enable", "jean")
    guichet("users", "remove", "jean", "--yes")
    assert "jean" not in guichet("users", "list").output


def test_removal_is_asked_first(data: Path) -> None:
    add("marie")
    assert guichet("users", "remove", "marie", typed="n\n").exit_code == 1
    assert "marie" in guichet("users", "list").output


def test_mistakes_are_told_and_change_nothing(data: Path) -> None:
    add("marie")
    with pytest.raises(WeakPassword):
        guichet("users", "add", "jean", "--password-stdin", typed="court\n")
    with pytest.raises(Conflict):
        add("MARIE")
    with pytest.raises(UnknownAccount, match="users list"):
        guichet("users", "disable", "personne")
    with pytest.raises(GuichetError, match="no password"):
        guichet("users", "add", "jean", "--password-stdin")
    with pytest.raises(GuichetError, match="--password-stdin"):
        guichet("users", "add", "jean", typed=PASSWORD)
    assert guichet("users", "add", "jean", "--role", "king").exit_code == 2
    assert len(guichet("users", "list").output.splitlines()) == 1


def test_a_hostile_name_cannot_steer_the_terminal(data: Path) -> None:
    add("marie", "agent", "--name", "\x1b[2J\x1b]0;owned\x07Marie")
    assert "\x1b" not in guichet("users", "list").output


def test_the_log_is_listed_with_logins_verified_and_pruned(nothing: Path) -> None:
    with pytest.raises(GuichetError, match="No audit log"):
        guichet("audit", "verify")
    add("marie")
    guichet("users", "role", "marie", "editor")
    listed = guichet("audit", "list").output.splitlines()
    assert ["account.role_changed" in line and "marie" in line for line in listed] == [True, False]
    entries = [json.loads(line) for line in guichet("audit", "list", "--json").output.splitlines()]
    assert entries[0]["detail"] == {"from": "agent", "to": "editor"}
    assert "marie" not in json.dumps(entries)
    verified = guichet("audit", "verify").output.splitlines()
    assert verified[0].startswith("2 entries, all as they were written")
    guichet("users", "remove", "marie", "--yes")
    assert "marie" not in guichet("audit", "list").output
    guichet("audit", "verify", "--expect", verified[1])
    assert guichet("audit", "prune", "--before", "2100-01-01", "--yes").output == "3 entries deleted.\n"
    assert "first 3 deleted" in guichet("audit", "verify").output


def test_a_log_that_somebody_changed_is_found_out(data: Path) -> None:
    for login in ("marie", "jean", "paul"):
        add(login)
    head = guichet("audit", "verify").output.splitlines()[1]
    with sqlite3.connect(data / "guichet.sqlite3") as database:
        for statement in (
            "UPDATE audit_entries SET actor = 'user:x' WHERE number = 2",
            "DELETE FROM audit_entries WHERE number = 2",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(statement)
        database.execute("DROP TRIGGER audit_entries_stay_as_they_are")
        database.execute("UPDATE audit_entries SET actor = 'user:x' WHERE number = 2")
    database.close()
    with pytest.raises(AuditBroken, match="entry 2: it was changed") as broken:
        guichet("audit", "verify")
    assert broken.value.exit_status == 1
    with pytest.raises(AuditBroken):
        guichet("audit", "prune", "--yes")
    with sqlite3.connect(data / "guichet.sqlite3") as database:
        database.execute("DROP TRIGGER audit_entries_stay")
        database.execute("DELETE FROM audit_entries WHERE number > 1")
    database.close()
    guichet("audit", "verify")  # nothing left to show it …
    with pytest.raises(AuditBroken, match="entry 2"):
        guichet("audit", "verify", "--expect", head)  # … but what was noted before


def test_the_command_says_it_in_one_sentence_and_by_its_status(data: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bot", "users", "disable", "personne"],
        capture_output=True,
        text=True,
        env=os.environ | {"GUICHET_DATA_DIR": str(data)},
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "guichet: No account of that name: `guichet users list` has them.\n"
