from pathlib import Path

import pytest

from bot.errors import ModelMissing
from voice.piper_voice import PiperVoice


def test_an_absent_voice_names_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="guichet voices install"):
        PiperVoice(tmp_path / "nobody.onnx")


def test_a_voice_without_its_configuration_is_absent(tmp_path: Path) -> None:
    (tmp_path / "half.onnx").write_bytes(b"")
    with pytest.raises(ModelMissing, match=r"half\.onnx\.json is absent"):
        PiperVoice(tmp_path / "half.onnx")


@pytest.mark.parametrize("configuration", ["", "{}", "[]", '{"audio": {}}'])
def test_a_damaged_voice_names_the_command_that_verifies_it(tmp_path: Path, configuration: str) -> None:
    (tmp_path / "x.onnx").write_bytes(b"not a network")
    (tmp_path / "x.onnx.json").write_text(configuration, encoding="utf-8")
    with pytest.raises(ModelMissing, match="guichet voices verify"):
        PiperVoice(tmp_path / "x.onnx")
