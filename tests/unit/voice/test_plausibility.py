from dataclasses import dataclass

import pytest

from voice.plausibility import Reason, plausible, why_implausible
from voice.transcript import Transcript, certainty_of


@dataclass
class Heard:
    text: str
    avg_logprob: float = -0.3
    no_speech_probability: float = 0.05
    duration_seconds: float = 1.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Comment adhérer au chèque emploi associatif ?", 2.2),
        ("Oui.", 0.1),
        ("Oui, merci.", 0.1),
        ("Non", 0.2),
        ("Merci.", 0.3),
        ("Un conseiller.", 0.5),
        ("Merci beaucoup, au revoir.", 0.9),
        ("Le 0.", 0.3),
        ("Je voudrais m'abonner à la lettre", 1.5),
        ("Est-ce que l'Urssaf nous envoie une vidéo ?", 2.0),
        ("alors bonjour je suis la trésorière d'un petit club et je voulais savoir comment on déclare", 3.5),
    ],
)
def test_what_callers_say_is_believed(text: str, seconds: float) -> None:
    assert why_implausible(Heard(text), seconds) is None


@pytest.mark.parametrize(
    "text",
    [
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Sous-titrage Société Radio-Canada",
        "Sous-titrage ST' 501",
        "❤️ par SousTitreur.com",
        "Merci d'avoir regardé cette vidéo !",
        "Merci d’avoir regardé.",
        "N'oubliez pas de vous abonner à la chaîne YouTube.",
        "Abonnez-vous !",
        "À la prochaine vidéo",
    ],
)
def test_what_whisper_learnt_from_subtitles_is_not(text: str) -> None:
    assert why_implausible(Heard(text), 3.0) is Reason.INVENTED


@pytest.mark.parametrize("text", ["", "...", " ! ? …", "[Musique]", "(Applaudissements)", "♪♪♪", "*bip*", "-"])
def test_text_without_a_word_is_not(text: str) -> None:
    assert why_implausible(Heard(text), 3.0) is Reason.NO_WORDS


def test_a_voice_that_the_detector_hardly_sees_is_believed_all_the_same() -> None:
    # Measured: 1.02 s seen of a question of 3.03 s.
    heard = Heard("J'ai oublié mon mot de passe pour me connecter", duration_seconds=3.03)
    assert why_implausible(heard, 1.02) is None


def test_a_dictated_number_is_believed_though_the_recogniser_thinks_that_nobody_spoke() -> None:
    # Measured: 12 of 135 transcripts of dictated numbers, all right but for a figure.
    siret = Heard("7, 3, 2, 8, 2, 9, 3, 2, 0", avg_logprob=-0.1, no_speech_probability=0.73, duration_seconds=6.85)
    assert why_implausible(siret, 3.1) is None


@pytest.mark.parametrize(
    ("heard", "seconds", "reason"),
    [
        (Heard("Bonjour", no_speech_probability=0.61), 1.0, Reason.NO_SPEECH),
        (Heard("L'adhésion", avg_logprob=-1.41), 1.0, Reason.UNLIKELY),
        (Heard("Bonjour", avg_logprob=-1.81), 1.0, Reason.UNLIKELY),
        (Heard("Bonjour"), 0.0, Reason.NO_VOICE),
        (Heard("un deux trois quatre cinq six sept huit neuf dix"), 0.5, Reason.TOO_FAST),
    ],
)
def test_the_recognisers_doubts_and_the_voice_detector_are_heeded(heard: Heard, seconds: float, reason: Reason) -> None:
    assert why_implausible(heard, seconds) is reason
    assert not plausible(heard, seconds)


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "certainty"),
    [
        ("l'adhésion", -0.39, 0.1, "high"),
        ("l'adhésion", -0.41, 0.1, "medium"),
        ("l'adhésion", -0.91, 0.1, "low"),
        ("l'adhésion", -1.41, 0.1, "none"),
        ("l'adhésion", -0.1, 0.61, "none"),
        ("", -0.1, 0.1, "none"),
        ("2 1 0 0 5 5", -0.23, 0.73, "high"),
        ("04, 68, 39", -0.89, 0.88, "medium"),
        ("04, 68, 39", -0.91, 0.88, "none"),
    ],
)
def test_certainty_follows_the_measured_limits(text: str, logprob: float, no_speech: float, certainty: str) -> None:
    assert certainty_of(text, logprob, no_speech) == certainty


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "certainty"),
    [
        ("OUI !", -0.39, 0.1, "high"),
        ("OUI !", -1.34, 0.01, "medium"),
        ("Répétez.", -1.2, 0.1, "medium"),
        ("Oui, la DPAE.", -1.2, 0.1, "low"),
        ("Non.", -1.79, 0.1, "medium"),
        ("Non.", -1.81, 0.1, "none"),
        ("Merci.", -0.9, 0.61, "none"),
    ],
)
def test_a_short_answer_is_believed_though_the_recogniser_doubts(
    text: str, logprob: float, no_speech: float, certainty: str
) -> None:
    assert certainty_of(text, logprob, no_speech) == certainty


def test_a_transcript_can_be_judged() -> None:
    assert plausible(Transcript("Bonjour", 0.8, "high", -0.2, 0.1, 1.0), 0.5)
