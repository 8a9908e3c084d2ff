"""A question from text to decision, with a model made by hand: each telling word belongs to one subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nlu.context import Context
from bot.nlu.decision import ABSTAIN, ANSWER, CLARIFY, STAY, Borders, Decision, Gauge, Judgement
from bot.nlu.encoder import Vectors
from bot.nlu.evidence import OUT_OF_SCOPE
from bot.nlu.hybrid import HybridModel
from bot.nlu.lexical import LexicalFeatures, TfIdf
from bot.nlu.sound import FILE as SOUND_FILE
from bot.nlu.sound import SoundFeatures, SoundModel, sound_grams
from bot.nlu.understanding import FILE, Subjects, Understanding

KINDS = {
    "adhesion": "answer", "bulletin": "answer", "conges": "referral", "declaration": "answer",
    "deny": "exchange", "thanks": "exchange", "handover": "exchange", "distress": "exchange", "emergency": "exchange",
    "person_salarie": "person", "out_of_scope": "exchange", "elsewhere_caf": "elsewhere",
}  # fmt: skip
CLASSES = list(KINDS)
# How much each word says for each subject; words that are not here say nothing.
TELLING: dict[str, dict[str, float]] = {
    "adhérer": {"adhesion": 1}, "bulletin": {"bulletin": 1}, "congés": {"conges": 1}, "déclarer": {"declaration": 1},
    "paie": {"bulletin": 1, "declaration": 1}, "retard": {"declaration": 1, "bulletin": 0.85},
    "non": {"deny": 0.5}, "merci": {"thanks": 1}, "conseiller": {"handover": 2}, "mourir": {"distress": 4},
    "humain": {"handover": 0.6, "bulletin": 0.8, "conges": 0.8},
    "salariée": {"person_salarie": 1}, "météo": {"out_of_scope": 1}, "caf": {"elsewhere_caf": 1},
}  # fmt: skip
TITLES = {name: f"titre {name}" for name in CLASSES} | {"declaration": "déclarer", "bulletin": "bulletin"}


class WordEncoder:
    """Adds up what the words say."""

    name = "words"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, text: str) -> Vectors:
        self.asked.append(text)
        vector = np.zeros(len(CLASSES), dtype=np.float32)
        for word in text.lower().replace("?", " ").replace(".", " ").replace(",", " ").split():
            for subject, weight in TELLING.get(word, {}).items():
                vector[CLASSES.index(subject)] += weight
        return vector / max(float(np.linalg.norm(vector)), 1e-9)

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.embed(text) for text in texts])


EXAMPLES = [(word, next(iter(said))) for word, said in TELLING.items()] + [("au secours", "emergency")]


def understanding(kinds: Mapping[str, str] = KINDS) -> Understanding:
    encoder = WordEncoder()
    lexical = LexicalFeatures.learn([text for text, _ in EXAMPLES], 0.6)
    model = HybridModel(
        classes=CLASSES,
        mean=np.zeros(len(CLASSES), dtype=np.float32),
        lexical=lexical,
        dense=16 * np.eye(len(CLASSES), dtype=np.float32),
        sparse=np.zeros((lexical.size, len(CLASSES)), dtype=np.float32),
        bias=np.zeros(len(CLASSES), dtype=np.float32),
    )
    subjects = Subjects(kinds, TITLES, ("un humain",))
    # `right` reads the logarithm of the best probability, `offer` that of the best three subjects together.
    right, offer = Gauge((10.0, 0, 0, 0, 0, 0), 5.0), Gauge((0, 10.0, 0, 0, 0, 0, 0), 8.0)
    return Understanding(
        model=model,
        encoder=encoder,
        judgement=Judgement(right, offer, Borders(named=0.02), subjects.exchange),
        subjects=subjects,
        examples=EXAMPLES,
        vectors=encoder.embed_all([text for text, _ in EXAMPLES]),
        report={},
    )


KNOWN = understanding()


def decided(text: str, *previous: str, **heard: Any) -> Decision:
    return KNOWN.understand(text, Context(previous=previous, **heard)).decision


def test_what_belongs_to_the_service_is_told_from_the_rest() -> None:
    assert set(CLASSES) - KNOWN.subjects.exchange == {"adhesion", "bulletin", "conges", "declaration"}
    assert KNOWN.subjects.foreign == {OUT_OF_SCOPE, "elsewhere_caf"}


def test_a_clear_question_is_answered_with_the_examples_nearest_to_it() -> None:
    understood = KNOWN.understand("comment adhérer")
    assert (understood.decision.kind, understood.decision.subjects) == (ANSWER, ("adhesion",))
    assert understood.ranking[0][0] == "adhesion"
    assert understood.nearest[0]["text"] == "adhérer"
    assert len(understood.nearest) == 3


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u00a0"])
def test_an_empty_text_is_refused(text: str) -> None:
    assert decided(text).kind == ABSTAIN
    assert decided(text, "bulletin").kind == ABSTAIN


def test_words_that_say_nothing_are_refused() -> None:
    assert decided("quelque chose du genre").kind == ABSTAIN


def test_a_word_of_two_subjects_asks_which_one() -> None:
    decision = decided("paie")
    assert (decision.kind, set(decision.subjects)) == (CLARIFY, {"bulletin", "declaration"})


@pytest.mark.parametrize(("text", "pointer"), [("allocation caf", "elsewhere_caf"), ("la météo", OUT_OF_SCOPE)])
def test_a_question_for_another_service_is_foreign_and_keeps_its_address(text: str, pointer: str) -> None:
    decision = decided(text)
    assert (decision.subjects, decision.pointer) == ((OUT_OF_SCOPE,), pointer)


def test_the_words_for_a_person_are_those_of_the_service_whole_and_however_written() -> None:
    assert decided("UN HUMAIN !").subjects == ("handover",)
    assert decided("chacun humain").kind == CLARIFY


@settings(max_examples=60)
@given(
    st.text() | st.lists(st.sampled_from([*TELLING, ".", "et", "non,", "?"]), max_size=12).map(" ".join),
    st.lists(st.sampled_from(["bulletin", "declaration", "gone"]), max_size=2, unique=True),
    st.none() | st.floats(0, 1),
)
def test_whatever_is_said_after_whatever_something_is_decided(
    text: str, previous: list[str], heard: float | None
) -> None:
    decision = decided(text, *previous, heard_confidence=heard)
    expected = {ANSWER: {1, 2}, CLARIFY: {1, 2, 3}, ABSTAIN: {0}, STAY: {1}}[decision.kind]
    assert len(decision.subjects) in expected
    if decision.kind == CLARIFY and (heard is None or decision.subjects != ("handover",)):
        assert not set(decision.subjects) & KNOWN.subjects.exchange


# -- in conversation --


def test_a_question_about_the_subject_before_stays_there() -> None:
    assert decided("c'est quand ?").kind == ABSTAIN
    after = decided("c'est quand ?", "bulletin")
    assert (after.kind, after.subjects, after.reason) == (STAY, ("bulletin",), "follow_up")


def test_a_follow_up_is_read_with_the_title_of_the_subject_before() -> None:
    encoder = KNOWN.encoder
    assert isinstance(encoder, WordEncoder)
    encoder.asked.clear()
    decided("c'est quand ?", "declaration")
    assert "déclarer. c'est quand ?" in encoder.asked


def test_a_clear_change_of_subject_is_simply_answered() -> None:
    assert decided("et les congés ?", "bulletin").subjects == ("conges",)


def test_a_correction_is_judged_without_what_it_takes_back() -> None:
    corrected = decided("non, je parlais du bulletin", "declaration")
    assert (corrected.kind, corrected.subjects, corrected.reason) == (ANSWER, ("bulletin",), "correction")
    again = decided("non, le retard", "declaration")
    assert "declaration" not in again.subjects


def test_nothing_is_corrected_when_nothing_was_said_before() -> None:
    assert decided("non, je parlais du bulletin").reason == ""


@pytest.mark.parametrize(("text", "meant"), [("non merci", "thanks"), ("non moi je suis salariée", "person_salarie")])
def test_a_no_before_a_courtesy_or_before_who_one_is_takes_nothing_back(text: str, meant: str) -> None:
    assert decided(text, "bulletin").subjects == (meant,)


def test_a_no_that_names_nothing_is_a_no() -> None:
    assert decided("non c'est tout", "bulletin").subjects == ("deny",)


def test_danger_is_never_weighed_against_the_question_before() -> None:
    assert decided("et si je veux mourir", "bulletin").subjects == ("distress",)
    assert decided("non, mourir", "bulletin").subjects == ("distress",)


def test_danger_wins_over_a_person_asked_for_in_the_same_message() -> None:
    assert decided("je veux mourir. passez moi un conseiller").subjects == ("distress",)


# -- two questions --


def test_two_questions_in_one_message_are_both_answered_in_order() -> None:
    decision = decided("les congés ça marche comment ? et pour adhérer")
    assert (decision.subjects, decision.reason) == (("conges", "adhesion"), "two_questions")


def test_one_subject_named_in_two_sentences_is_one_question() -> None:
    assert decided("bonjour madame. le bulletin de ma salle. mon bulletin").subjects == ("bulletin",)


def test_a_person_asked_for_beside_a_question_is_a_request_for_a_person() -> None:
    assert decided("les congés de paie ? je veux un conseiller").subjects == ("handover",)


def test_a_service_of_one_subject_is_asked_one_question() -> None:
    small = understanding({name: "answer" if name == "adhesion" else "exchange" for name in CLASSES})
    for text in ("comment adhérer ? et merci beaucoup", "non, merci bien. je veux adhérer", "et quand ?"):
        assert set(small.understand(text, Context(previous=("adhesion",))).decision.subjects) <= set(CLASSES)


# -- on the telephone --


def test_another_reading_of_the_recogniser_decides_when_the_first_says_nothing() -> None:
    assert decided("bulles teint", heard_confidence=0.4).kind == ABSTAIN
    heard = decided("bulles teint", heard_confidence=0.4, readings=(("le bulletin", 0.9),))
    assert "bulletin" in heard.subjects


def test_a_sure_reading_costs_no_second_look() -> None:
    encoder = KNOWN.encoder
    assert isinstance(encoder, WordEncoder)
    encoder.asked.clear()
    decided("le bulletin", heard_confidence=0.9, readings=(("les congés", 0.89),))
    assert "les congés" not in encoder.asked


@pytest.mark.parametrize(
    ("text", "previous"),
    [("le bulletin", ()), ("et le bulletin ?", ("declaration",)), ("non, le bulletin", ("conges",))],
)
def test_what_was_poorly_heard_is_asked_back_in_a_conversation_too(text: str, previous: tuple[str, ...]) -> None:
    decision = decided(text, *previous, heard_confidence=0.2)
    assert (decision.kind, decision.subjects[:1]) == (CLARIFY, ("bulletin",))


def test_what_was_poorly_heard_is_not_taken_for_a_question_about_the_answer_before() -> None:
    assert decided("c'est quand ?", "bulletin", heard_confidence=0.9).kind == STAY
    assert decided("c'est quand ?", "bulletin", heard_confidence=0.5).kind == ABSTAIN


# -- words that may have been others --


def test_two_texts_that_are_as_likely_and_have_each_an_answer_are_both_offered() -> None:
    readings = (("un bulletin", 0.8), ("les congés", 0.3))
    decision = decided("comment adhérer", heard_confidence=0.8, readings=readings)
    assert (decision.kind, decision.subjects, decision.reason) == (CLARIFY, ("adhesion", "bulletin"), "misheard")
    after = decided("comment adhérer", "conges", heard_confidence=0.8, readings=readings)
    assert after.subjects == ("adhesion", "bulletin")


@pytest.mark.parametrize(
    ("text", "reading", "confidence"),
    [
        ("adhérer", "bulletin", 0.79),  # less likely
        ("adhérer", "je voudrais adhérer", 0.8),  # the same answer
        ("adhérer", "quelque chose du genre", 0.8),  # no answer
        ("adhérer", "merci", 0.8),  # no subject
        ("conseiller", "bulletin", 0.8),  # a person is asked for
    ],
)
def test_another_reading_that_is_less_likely_or_says_nothing_else_changes_nothing(
    text: str, reading: str, confidence: float
) -> None:
    decision = decided(text, heard_confidence=0.8, readings=((reading, confidence),))
    assert (decision.kind, decision.subjects) == (ANSWER, decided(text).subjects)


# -- how it sounds --


def sounding() -> Understanding:
    """By the sounds all is about the bulletin, "adhérer" most of all."""
    known = understanding()
    features = SoundFeatures(TfIdf.learn([sound_grams("adhérer")], at_least=1))
    weights = np.zeros((features.size, len(CLASSES)), dtype=np.float32)
    weights[:, CLASSES.index("bulletin")] = 4
    bias = 2 * np.eye(len(CLASSES), dtype=np.float32)[CLASSES.index("bulletin")]
    known.sounds = SoundModel(classes=CLASSES, features=features, weights=weights, bias=bias)
    return known


@pytest.mark.parametrize("context", [Context(heard_confidence=0.8), Context(by_telephone=True)])
def test_an_answer_to_what_sounds_otherwise_is_asked_back(context: Context) -> None:
    decision = sounding().understand("adhérer", context).decision
    assert (decision.kind, decision.subjects, decision.reason) == (CLARIFY, ("adhesion", "bulletin"), "by_sound")
    assert sounding().understand("un bulletin", context).decision.topic == "bulletin"
    assert understanding().understand("adhérer", context).decision.topic == "adhesion"


def test_what_was_typed_has_no_sounds() -> None:
    assert sounding().understand("adhérer").decision.topic == "adhesion"


# -- keeping it --


def test_what_is_kept_can_run_no_code(tmp_path: Path) -> None:
    sounding().save(tmp_path)
    names = ["examples.npz", "hybrid.json", "hybrid.npz", SOUND_FILE, FILE]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
