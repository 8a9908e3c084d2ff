"""What an operator sees of the settings: precedence, mistakes named, secrets hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadSettings
from bot.settings import Settings, describe, load_settings
from scripts.settings_page import page


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "guichet.yml"
    path.write_text("web: {port: 9000}\nphone: {max_calls: 7}\n", encoding="utf-8")
    monkeypatch.setenv("GUICHET_CONFIG", str(path))
    return path


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_WEB__PORT", "9001")
    settings = load_settings()
    assert (settings.web.port, settings.phone.max_calls, settings.web.host) == (9001, 7, "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("web: {prot: 9000}", "web.prot"),
        ("web: {port: many}", "web.port"),
        ("web: {port: 99999}", "web.port"),
        ("phone: {rtp_ports: all}", "phone.rtp_ports"),
        ("web: [", "line"),
        ("\tweb: 1", "line"),
    ],
)
def test_a_mistake_is_named_with_its_file(config_file: Path, text: str, named: str) -> None:
    config_file.write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings, match=named) as caught:
        load_settings()
    assert "guichet.yml" in str(caught.value)


def test_a_file_that_was_named_but_is_not_there_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHET_CONFIG", "/nowhere/guichet.yml")
    with pytest.raises(BadSettings, match="GUICHET_CONFIG"):
        load_settings()


def test_an_empty_file_means_the_defaults(config_file: Path) -> None:
    config_file.write_text("", encoding="utf-8")
    assert load_settings() == Settings.model_construct(**{n: f.default for n, f in Settings.model_fields.items()})


def test_no_secret_is_printed(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHET_PHONE__PASSWORD", "hunter2")
    monkeypatch.setenv("GUICHET_STORE__URL", "postgresql://user:hunter2@host/name")
    assert "hunter2" not in "".join(setting.value for setting in describe(load_settings()))


def test_a_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    assert settings.secret("desk_token") == settings.secret("desk_token")
    assert (tmp_path / "secrets" / "desk_token").stat().st_mode & 0o077 == 0


def test_every_setting_says_what_it_does() -> None:
    assert [setting.name for setting in describe(Settings()) if len(setting.meaning) < 10] == []


def test_the_page_of_settings_is_up_to_date() -> None:
    written = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == page(), "run scripts/settings_page.py"
