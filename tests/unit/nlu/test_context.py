"""What a message means after the one before it, and when one message holds two questions."""

from __future__ import annotations

import pytest

from bot.nlu.context import both, corrected, in_context, may_correct, only_takes_back, settled
from bot.nlu.decision import ABSTAIN, ANSWER, CLARIFY, STAY, Borders, Decision, Gauge, Judgement
from bot.nlu.evidence import OUT_OF_SCOPE, Evidence

EXCHANGE = frozenset({"thanks", "deny", "correction", "person_salarie", "handover", "distress", OUT_OF_SCOPE})
JUDGEMENT = Judgement(Gauge((), 0.0), Gauge((), 0.0), Borders(), EXCHANGE)
SUBJECTS = ("declaration", "cotisations", "bulletin", "conges")
UNCLEAR = Decision(ABSTAIN, sureness=0.2, chance=0.1)


def evidence(**probabilities: float) -> Evidence:
    names = (*SUBJECTS, *sorted(EXCHANGE))
    full = {name: probabilities.get(name, 0.001) for name in names}
    return Evidence(sorted(full.items(), key=lambda pair: -pair[1]), dict.fromkeys(names, 0.5))


def after(
    previous: str, by_itself: Evidence, joined: Evidence, *, alone: Decision = UNCLEAR, leaning: bool = True
) -> Decision:
    return in_context(alone, by_itself, joined, exchange=EXCHANGE, previous=(previous,), leaning=leaning)


def answer(subject: str, sureness: float = 0.9) -> Decision:
    return Decision(ANSWER, (subject,), sureness, sureness)


# -- alone or in context --


def test_a_clear_question_needs_no_context() -> None:
    assert settled(answer("conges", 0.55), leaning=False)
    assert settled(answer("conges", 0.8), leaning=True)


def test_a_question_that_leans_must_be_surer_to_stand_alone() -> None:
    assert not settled(answer("conges", 0.7), leaning=True)


@pytest.mark.parametrize("subject", ["handover", "distress", "emergency"])
def test_a_person_and_safety_are_never_weighed_against_the_question_before(subject: str) -> None:
    assert settled(answer(subject, 0.1), leaning=True)


def test_what_must_be_asked_back_may_be_clear_in_context() -> None:
    assert not settled(Decision(CLARIFY, ("conges",)), leaning=False)
    assert not settled(UNCLEAR, leaning=False)


# -- follow-ups --


def test_a_follow_up_takes_what_its_words_and_the_question_before_both_suggest() -> None:
    found = after("declaration", evidence(cotisations=0.4, bulletin=0.4), evidence(declaration=0.4, cotisations=0.5))
    assert (found.kind, found.subjects, found.reason) == (ANSWER, ("cotisations",), "follow_up")


def test_a_question_about_what_was_just_answered_stays_there() -> None:
    found = after("declaration", evidence(declaration=0.4, cotisations=0.1), evidence(declaration=0.9))
    assert (found.kind, found.subjects) == (STAY, ("declaration",))


def test_another_subject_must_be_likelier_than_the_one_before() -> None:
    found = after("declaration", evidence(declaration=0.6, cotisations=0.4), evidence(declaration=0.6, cotisations=0.4))
    assert (found.kind, found.subjects) == (STAY, ("declaration",))


def test_words_that_say_nothing_by_themselves_stay_on_the_subject() -> None:
    found = after("declaration", evidence(), evidence(declaration=0.9))
    assert (found.kind, found.subjects) == (STAY, ("declaration",))


def test_an_unclear_message_that_does_not_lean_is_not_forced_onto_the_subject_before() -> None:
    assert after("declaration", evidence(), evidence(declaration=0.9), leaning=False) == UNCLEAR


def test_weak_support_for_another_subject_is_asked_back() -> None:
    found = after("declaration", evidence(conges=0.3), evidence(declaration=0.4, bulletin=0.4, conges=0.1))
    assert (found.kind, found.subjects) == (CLARIFY, ("conges",))


def test_a_question_that_stays_names_what_else_it_may_be_about() -> None:
    found = after("declaration", evidence(conges=0.3), evidence(declaration=0.7, conges=0.1))
    assert (found.kind, found.subjects) == (STAY, ("declaration", "conges"))


def test_what_was_clear_by_itself_is_not_lost_after_another_subject() -> None:
    alone = answer("conges", 0.6)
    found = after("declaration", evidence(conges=0.05), evidence(declaration=0.9), alone=alone)
    assert "conges" in found.subjects


def test_a_foreign_follow_up_is_still_foreign() -> None:
    foreign = Decision(ANSWER, (OUT_OF_SCOPE,), 0.0, 0.1, pointer="elsewhere_caf")
    assert after("declaration", evidence(out_of_scope=0.95), evidence(declaration=0.5), alone=foreign) == foreign


def test_a_courtesy_or_the_subject_before_is_never_what_a_follow_up_asks_for() -> None:
    found = after("declaration", evidence(thanks=0.6, declaration=0.3), evidence(declaration=0.9, thanks=0.9))
    assert set(found.subjects) <= set(SUBJECTS)
    assert found.kind == STAY


def test_where_there_is_no_other_subject_a_follow_up_stays() -> None:
    alone = Evidence([("declaration", 0.5), (OUT_OF_SCOPE, 0.5)], {"declaration": 0.1, OUT_OF_SCOPE: 0.1})
    assert after("declaration", alone, alone).kind == STAY


# -- corrections --


def test_a_correction_means_what_it_names() -> None:
    found = corrected(UNCLEAR, answer("bulletin"), EXCHANGE)
    assert (found.subjects, found.reason) == (("bulletin",), "correction")


@pytest.mark.parametrize("whole", ["thanks", "person_salarie", "handover"])
def test_a_message_that_is_clear_as_a_whole_corrects_nothing(whole: str) -> None:
    assert not may_correct(answer(whole), EXCHANGE)


@pytest.mark.parametrize("whole", ["deny", "correction", "bulletin", OUT_OF_SCOPE])
def test_a_refusal_a_subject_or_an_unclear_message_may_correct(whole: str) -> None:
    assert may_correct(answer(whole), EXCHANGE)
    assert may_correct(UNCLEAR, EXCHANGE)


@pytest.mark.parametrize(
    "named", [UNCLEAR, answer("thanks"), answer("distress"), Decision(CLARIFY, ("conges", "bulletin"))]
)
def test_a_no_that_names_no_subject_is_just_a_no(named: Decision) -> None:
    assert corrected(answer("deny"), named, EXCHANGE) == answer("deny")


def test_a_correction_may_say_who_is_asking() -> None:
    assert corrected(answer("deny"), answer("person_salarie"), EXCHANGE).subjects == ("person_salarie",)


@pytest.mark.parametrize(
    ("text", "instead", "meant"),
    [
        ("non mais c'est pas ça du tout", "", "correction"),
        ("non", "", "deny"),
        ("non pas ça", "", "deny"),
        ("non mais moi je parlais du bulletin", "bulletin", "deny"),
        ("pas du tout d'accord avec ça", None, "deny"),
    ],
)
def test_a_long_no_that_names_nothing_is_a_correction(text: str, instead: str | None, meant: str) -> None:
    assert only_takes_back(answer("deny"), text, instead).topic == meant


def test_an_unclear_correction_that_names_a_courtesy_is_not_understood() -> None:
    assert corrected(UNCLEAR, answer("thanks"), EXCHANGE).kind == ABSTAIN


@pytest.mark.parametrize("named", ["handover", "distress", OUT_OF_SCOPE])
def test_a_correction_may_name_a_person_danger_or_another_service(named: str) -> None:
    assert corrected(UNCLEAR, answer(named), EXCHANGE).subjects == (named,)


# -- two questions --


def test_two_sure_questions_are_both_answered_in_the_order_asked() -> None:
    found = both(answer("conges", 0.9), answer("bulletin", 0.95), JUDGEMENT, apart=False)
    assert found is not None
    assert (found.kind, found.subjects, found.sureness) == (ANSWER, ("conges", "bulletin"), 0.9)


def test_between_sentences_two_questions_need_less_sureness_than_within_one() -> None:
    first, second = answer("conges", 0.6), answer("bulletin", 0.95)
    assert both(first, second, JUDGEMENT, apart=True) is not None
    assert both(first, second, JUDGEMENT, apart=False) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (answer("conges"), answer("conges")),
        (answer("thanks"), answer("conges")),
        (answer("conges"), answer(OUT_OF_SCOPE)),
        (answer("conges"), UNCLEAR),
        (answer("conges"), Decision(CLARIFY, ("bulletin",), 0.9)),
    ],
)
def test_one_question_is_not_taken_for_two(first: Decision, second: Decision) -> None:
    assert both(first, second, JUDGEMENT, apart=True) is None


def test_a_person_asked_for_in_one_part_is_a_request_for_a_person() -> None:
    found = both(answer("conges"), answer("handover", 0.9), JUDGEMENT, apart=True)
    assert found is not None
    assert found.subjects == ("handover",)


def test_a_part_that_only_might_ask_for_a_person_does_not() -> None:
    assert both(answer("conges"), answer("handover", 0.4), JUDGEMENT, apart=True) is None
