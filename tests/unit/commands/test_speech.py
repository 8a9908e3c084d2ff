from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from bot.commands.speech import models_app, say_command, transcribe_command, voices_app
from bot.errors import BadMessage, ModelMissing, Unavailable
from voice.install.files import write_sums

app = typer.Typer()
app.command("transcribe")(transcribe_command)
app.command("say")(say_command)
app.add_typer(models_app, name="models")
app.add_typer(voices_app, name="voices")


@pytest.fixture(autouse=True)
def empty_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUICHET_DATA_DIR", str(tmp_path))
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_without_a_recogniser_the_command_that_installs_it_is_named() -> None:
    assert isinstance(error := invoke("transcribe", "x.wav").exception, ModelMissing)
    assert "guichet models install" in str(error)


def test_without_a_voice_the_command_that_installs_it_is_named(tmp_path: Path) -> None:
    assert isinstance(error := invoke("voices", "render").exception, ModelMissing)
    assert "guichet voices install" in str(error)
    assert isinstance(error := invoke("say", "Bonjour", "--out", str(tmp_path / "x.wav")).exception, ModelMissing)
    assert "guichet voices install" in str(error)


def test_nothing_to_say_is_said_so(tmp_path: Path) -> None:
    assert isinstance(invoke("say", " ** ", "--out", str(tmp_path / "x.wav")).exception, BadMessage)


@pytest.mark.parametrize("group", ["models", "voices"])
def test_nothing_installed_lists_nothing_and_does_not_verify(group: str) -> None:
    assert invoke(group, "list").output == ""
    assert isinstance(error := invoke(group, "verify").exception, ModelMissing)
    assert f"guichet {group} install" in str(error)


def test_a_changed_file_does_not_verify(tmp_path: Path) -> None:
    voices = tmp_path / "voices"
    voices.mkdir()
    names = ["fr_FR-siwis-kokoro.onnx", "fr_FR-siwis-kokoro.onnx.json"]
    for name in names:
        (voices / name).write_bytes(b"x")
    write_sums(voices / "fr_FR-siwis-kokoro.sha256", names)
    assert invoke("voices", "verify").exit_code == 0
    assert "* fr_FR-siwis-kokoro" in invoke("voices", "list").output
    (voices / names[0]).write_bytes(b"y")
    result = invoke("voices", "verify")
    assert isinstance(result.exception, ModelMissing)
    assert "another digest" in result.output


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way", encoding="utf-8")
    result = invoke("models", "install", "--pip", "/nonexistent/pip")
    assert isinstance(result.exception, Unavailable)
