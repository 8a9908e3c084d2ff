"""What is done with a question, given what the model says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.decision import (
    ABSTAIN,
    ANSWER,
    CLARIFY,
    STAY,
    Borders,
    Decision,
    Gauge,
    Judgement,
    choices,
    decide,
    poorly_heard,
    safety_alarm,
    second_opinion,
    signs_of_offer,
)
from bot.nlu.evidence import Evidence

EXCHANGE = frozenset({"greet", "handover", "out_of_scope", "distress", "emergency", "thanks"})
SUBJECTS = ("adhesion", "bulletin", "conges", "dpae")
NAMES = (*SUBJECTS, *sorted(EXCHANGE))

# Gauges that read the first sign only, the logarithm of the best probability: 0.5 at p = 0.5 and at p = 0.2.
RIGHT = Gauge((4.0, 0, 0, 0, 0, 0), 4.0 * 0.693)
OFFER = Gauge((4.0, 0, 0, 0, 0, 0, 0), 4.0 * 1.609)
JUDGEMENT = Judgement(RIGHT, OFFER, Borders(direct=0.5, offer=0.5), EXCHANGE)


def evidence(**probabilities: float) -> Evidence:
    rest = (1.0 - sum(probabilities.values())) / (len(NAMES) - len(probabilities))
    full = {name: probabilities.get(name, rest) for name in NAMES}
    return Evidence(sorted(full.items(), key=lambda pair: -pair[1]), dict.fromkeys(NAMES, 0.5))


def test_a_sure_subject_is_answered() -> None:
    decision = decide(evidence(adhesion=0.9), JUDGEMENT)
    assert (decision.kind, decision.subjects) == (ANSWER, ("adhesion",))


def test_two_likely_subjects_are_offered_best_first() -> None:
    decision = decide(evidence(bulletin=0.3, adhesion=0.4), JUDGEMENT)
    assert (decision.kind, decision.subjects[:2]) == (CLARIFY, ("adhesion", "bulletin"))


def test_an_even_spread_is_refused() -> None:
    spread = evidence(handover=0.01, distress=0.01, emergency=0.01)
    assert decide(spread, JUDGEMENT).kind == ABSTAIN


def test_a_poorly_heard_subject_is_asked_back_however_sure() -> None:
    decision = decide(evidence(adhesion=0.95), JUDGEMENT, heard_confidence=0.2)
    assert (decision.kind, decision.subjects) == (CLARIFY, ("adhesion",))


def test_poor_hearing_does_not_keep_anyone_from_a_person_or_a_greeting() -> None:
    assert decide(evidence(handover=0.9), JUDGEMENT, heard_confidence=0.1).subjects == ("handover",)
    assert decide(evidence(greet=0.9), JUDGEMENT, heard_confidence=0.1).subjects == ("greet",)


@pytest.mark.parametrize("name", ["distress", "emergency"])
def test_a_life_in_danger_wins_over_a_much_likelier_subject(name: str) -> None:
    decision = decide(evidence(adhesion=0.7, **{name: 0.25}), JUDGEMENT)
    assert (decision.kind, decision.subjects) == (ANSWER, (name,))


def test_distress_and_emergency_add_up_and_the_likelier_is_answered() -> None:
    assert safety_alarm({"distress": 0.13, "emergency": 0.09}, 0.2) == "distress"
    assert safety_alarm({"distress": 0.09, "emergency": 0.09}, 0.2) == ""


def test_an_unclear_text_that_may_ask_for_a_person_is_a_request_for_a_person() -> None:
    assert decide(evidence(adhesion=0.3, handover=0.2), JUDGEMENT).subjects == ("handover",)


def test_a_clear_question_is_not_taken_for_a_request_for_a_person() -> None:
    assert decide(evidence(adhesion=0.8, handover=0.12), JUDGEMENT).subjects == ("adhesion",)


def test_a_word_for_a_person_makes_a_faint_request_one() -> None:
    faint = evidence(adhesion=0.3, handover=0.05)
    assert decide(faint, JUDGEMENT).subjects != ("handover",)
    assert decide(faint, JUDGEMENT, names_person=True).subjects == ("handover",)


def test_a_word_for_a_person_alone_is_no_request() -> None:
    assert decide(evidence(adhesion=0.3, handover=0.01), JUDGEMENT, names_person=True).subjects[0] == "adhesion"
    assert decide(evidence(adhesion=0.8, handover=0.05), JUDGEMENT, names_person=True).subjects == ("adhesion",)


def test_who_may_have_asked_for_a_person_and_was_half_heard_is_asked_whether() -> None:
    faint, clear = evidence(adhesion=0.3, handover=0.3), evidence(handover=0.45)
    for heard in (0.5, 0.9):
        decision = decide(faint, JUDGEMENT, heard)
        assert (decision.kind, decision.subjects) == (CLARIFY, ("handover",))
        assert decide(clear, JUDGEMENT, heard).kind == ANSWER
        assert decide(faint, JUDGEMENT, heard, names_person=True).kind == ANSWER


def test_an_unlikely_subject_is_asked_back_however_sure_the_gauge() -> None:
    always = replace(JUDGEMENT, right=Gauge((0,) * 6, 20.0))
    decision = decide(evidence(adhesion=0.35, bulletin=0.25), always)
    assert (decision.kind, decision.subjects[0]) == (CLARIFY, "adhesion")
    assert decide(evidence(thanks=0.35, bulletin=0.25), always).subjects == ("thanks",)


def test_a_foreign_question_is_recognised_as_foreign() -> None:
    assert decide(evidence(out_of_scope=0.9), JUDGEMENT).subjects == ("out_of_scope",)


def test_a_foreign_question_keeps_the_service_it_is_for() -> None:
    foreign = replace(evidence(out_of_scope=0.9), pointer="elsewhere_caf")
    assert decide(foreign, JUDGEMENT).pointer == "elsewhere_caf"
    assert decide(replace(evidence(adhesion=0.9), pointer="elsewhere_caf"), JUDGEMENT).pointer == ""


def test_a_question_that_is_only_perhaps_foreign_is_not_called_foreign() -> None:
    spread = evidence(out_of_scope=0.4, thanks=0.3, handover=0.01, distress=0.01, emergency=0.01)
    assert decide(spread, JUDGEMENT).kind == ABSTAIN


def test_however_sure_the_gauge_a_foreign_question_is_no_answer() -> None:
    always = replace(JUDGEMENT, right=Gauge((0,) * 6, 20.0))
    assert decide(evidence(out_of_scope=0.9), always).sureness == 0.0


def test_a_foreign_question_near_one_of_ours_is_asked_back() -> None:
    decision = decide(evidence(out_of_scope=0.5, adhesion=0.4), JUDGEMENT)
    assert (decision.kind, decision.subjects[0]) == (CLARIFY, "adhesion")


def test_the_exchange_itself_is_never_offered_as_a_choice() -> None:
    offered = choices(evidence(thanks=0.4, adhesion=0.3, greet=0.1).ranking, JUDGEMENT)
    assert offered[0] == "adhesion"
    assert not set(offered) & EXCHANGE


def test_unlikely_subjects_are_not_offered_beside_the_best() -> None:
    judgement = replace(JUDGEMENT, borders=Borders(choice=0.2))
    assert choices(evidence(adhesion=0.6).ranking, judgement) == ("adhesion",)


@given(st.lists(st.floats(0.001, 1), min_size=len(NAMES), max_size=len(NAMES)), st.none() | st.floats(0, 1))
def test_whatever_the_evidence_the_decision_is_whole(raw: list[float], heard: float | None) -> None:
    ranking = sorted(zip(NAMES, (p / sum(raw) for p in raw), strict=True), key=lambda pair: -pair[1])
    decision = decide(Evidence(ranking, dict.fromkeys(NAMES, 0.3)), JUDGEMENT, heard)
    expected = {ANSWER: {1}, CLARIFY: {1, 2, 3}, ABSTAIN: {0}}[decision.kind]
    assert len(decision.subjects) in expected
    assert set(decision.subjects) <= set(NAMES)


def test_a_service_with_one_subject_can_rule_it_out() -> None:
    only_courtesies = Evidence([("thanks", 0.6), ("out_of_scope", 0.4)], {"thanks": 0.5, "out_of_scope": 0.1})
    assert len(signs_of_offer(only_courtesies, EXCHANGE)) == 7


def test_what_was_typed_is_never_poorly_heard() -> None:
    assert not poorly_heard(None, Borders())
    assert poorly_heard(0.0, Borders())
    assert not poorly_heard(Borders().heard, Borders())


def test_a_topic_is_one_subject_that_is_answered() -> None:
    assert Decision(ANSWER, ("adhesion",)).topic == "adhesion"
    assert Decision(ANSWER, ("adhesion", "bulletin")).topic == ""
    assert Decision(CLARIFY, ("adhesion",)).topic == ""
    assert Decision(STAY, ("adhesion",)).topic == ""


def test_a_gauge_stays_a_probability_for_extreme_signs() -> None:
    assert Gauge((1.0,), 0.0).read([1e9]) == pytest.approx(1.0)
    assert Gauge((1.0,), 0.0).read([-1e9]) == pytest.approx(0.0)


ANSWERED = Decision(ANSWER, ("adhesion",), 0.9, 0.9)


def by_sound(decision: Decision, **probabilities: float) -> Decision:
    return second_opinion(decision, probabilities, JUDGEMENT)


def test_an_answer_that_sounds_right_is_given() -> None:
    assert by_sound(ANSWERED, adhesion=0.1, bulletin=0.9) == ANSWERED


def test_an_answer_that_sounds_wrong_is_asked_back_with_what_it_sounds_like() -> None:
    decision = by_sound(ANSWERED, adhesion=0.09, bulletin=0.6, conges=0.2, dpae=0.11)
    assert (decision.kind, decision.subjects) == (CLARIFY, ("adhesion", "bulletin", "conges"))
    assert decision.reason == "by_sound"


def test_an_answer_that_sounds_like_nothing_of_ours_is_asked_back_alone() -> None:
    assert by_sound(ANSWERED, adhesion=0.01, out_of_scope=0.9).subjects == ("adhesion",)
    assert by_sound(ANSWERED).kind == CLARIFY


@pytest.mark.parametrize(
    "decision",
    [
        Decision(ANSWER, ("handover",)),
        Decision(ANSWER, ("emergency",)),
        Decision(ANSWER, ("out_of_scope",)),
        Decision(ANSWER, ("adhesion", "bulletin"), reason="two_questions"),
        Decision(CLARIFY, ("handover",)),
        Decision(CLARIFY, ("adhesion", "bulletin")),
        Decision(STAY, ("adhesion",)),
        Decision(ABSTAIN, ()),
    ],
)
def test_sounds_change_nothing_but_answers(decision: Decision) -> None:
    assert by_sound(decision, conges=0.99) == decision
