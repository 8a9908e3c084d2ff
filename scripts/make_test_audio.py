"""Makes the recorded questions of `tests/audio/`: synthetic callers with four voices, through a telephone line.

Run once, by hand; the recordings are in the repository. The style vectors come from the npm package kokoro-js
(`npm pack kokoro-js@1.2.1`), the voice from `guichet voices install`. Each question is spoken by one of four
styles (one French, three with an accent), then band-limited to 300-3400 Hz with noise at 25 dB below.

    .venv/bin/python scripts/make_test_audio.py kokoro-js-1.2.1.tgz
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from bot.settings import PROJECT_DIR, load_settings
from voice.audio import write_wav
from voice.piper_voice import PiperVoice
from voice.spoken_french import speak

STYLES = ("ff_siwis", "im_nicola", "if_sara", "em_alex")
QUESTIONS = [
    ("adherer", 0, 1.0, "Bonjour, comment adhérer au chèque emploi associatif ?", "adhesion_comment"),
    ("date_limite", 1, 1.0, "Quelle est la date limite pour déclarer les heures du mois ?", "volet_social_date_limite"),
    ("bulletin", 2, 1.0, "Où est-ce que je trouve le bulletin de paie de notre salarié ?", "bulletin_obtenir"),
    ("gratuit", 0, 0.95, "Est-ce que ce service est gratuit pour notre association ?", "cea_gratuite"),
    ("effectif", 1, 1.05, "Est-ce qu'il y a un nombre maximum de salariés à ne pas dépasser ?", "eligibilite_effectif"),
    ("siret", 3, 1.0, "Est-ce qu'il faut un numéro Siret pour s'inscrire ?", "adhesion_siret"),
    ("prelevement", 0, 1.1, "À quelle date les cotisations sont-elles prélevées ?", "cotisations_date_prelevement"),
    ("definition", 2, 0.95, "À quoi sert le chèque emploi associatif ?", "cea_definition"),
    ("mot_de_passe", 3, 1.05, "J'ai oublié mon mot de passe pour me connecter.", "compte_mot_de_passe"),
    (
        "outre_mer",
        0,
        1.0,
        "Notre association est à La Réunion, est-ce que nous y avons droit ?",
        "eligibilite_outre_mer",
    ),
    ("conseiller", 1, 1.0, "Je voudrais parler à un conseiller, s'il vous plaît.", "handover"),
    ("horaires", 0, 1.0, "Quelle heure est-il à Tokyo en ce moment ?", "out_of_scope"),
]
RATE_HZ = 8000
AUDIO_DIR = PROJECT_DIR / "tests" / "audio"


def main() -> None:
    archive = Path(sys.argv[1])
    settings = load_settings()
    base = settings.voices_path / f"{settings.speech.voice}.onnx"
    rng = np.random.default_rng(20261122)
    rows = ["path\ttext\tintent"]
    with tempfile.TemporaryDirectory() as directory:
        voices = [PiperVoice(with_style(base, archive, style, Path(directory))) for style in STYLES]
        for name, who, pace, text, intent in QUESTIONS:
            spoken = voices[who].synthesise(speak(text), length_scale=pace)
            write_wav(AUDIO_DIR / f"{name}.wav", through_a_line(spoken, rng), RATE_HZ)
            rows.append(f"{name}.wav\t{text}\t{intent}")
    (AUDIO_DIR / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    write_wav(AUDIO_DIR / "silence.wav", through_a_line(np.zeros(3 * RATE_HZ, np.float32), rng), RATE_HZ)


def with_style(base: Path, archive: Path, style: str, directory: Path) -> Path:
    """The installed voice with another of Kokoro's style tables (510 rows of 256)."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"package/voices/{style}.bin")
        assert member is not None
        table = np.frombuffer(member.read(), np.float32).reshape(-1, 256)
    model = onnx.load(str(base))
    for tensor in model.graph.initializer:
        if tuple(tensor.dims[-1:]) == (256,) and tensor.dims[0] == table.shape[0]:
            shape = tuple(tensor.dims)
            tensor.CopyFrom(numpy_helper.from_array(table.reshape(shape).copy(), tensor.name))
    path = directory / f"{style}.onnx"
    onnx.save(model, str(path))
    path.with_name(path.name + ".json").write_bytes(base.with_name(base.name + ".json").read_bytes())
    return path


def through_a_line(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """300-3400 Hz, with half a second of line before and after, and noise 25 dB below the speech."""
    padded = np.concatenate([np.zeros(RATE_HZ // 4), samples, np.zeros(RATE_HZ // 4)])
    spectrum = np.fft.rfft(padded)
    frequency = np.fft.rfftfreq(len(padded), 1 / RATE_HZ)
    spectrum[(frequency < 300) | (frequency > 3400)] = 0
    band = np.fft.irfft(spectrum, len(padded))
    level = float(np.sqrt(np.mean(band**2))) or 0.05
    noisy = band + rng.normal(0, level * 10 ** (-25 / 20), len(band))
    return (noisy / max(1.0, float(np.abs(noisy).max()) / 0.7)).astype(np.float32)


if __name__ == "__main__":
    main()
