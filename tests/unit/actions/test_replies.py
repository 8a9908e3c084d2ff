"""The dialogue, turn by turn, without Rasa: what a person reads or hears."""

from __future__ import annotations

from itertools import pairwise

import pytest

from actions.replies import Replies
from actions.turn import Memory, Turn
from bot.dialogue import Outcome, Ranked
from bot.knowledge import Knowledge

from .conversation import ENGLISH, KNOWLEDGE, PHONE, PROMPTS, REPLIES, WEB, Conversation


def test_an_answer_carries_its_source_and_the_wording_of_the_channel() -> None:
    written, spoken = Conversation(WEB).asks("adhesion"), Conversation(PHONE).asks("adhesion")
    assert [a.text for a in written.answers] == ["adhesion écrit"]
    assert [a.text for a in spoken.answers] == ["adhesion dit"]
    assert (written.answers[0].source, written.answers[0].verified_on) == ("source", "2026-11-21")
    assert written.outcome is Outcome.ANSWERED


def test_two_subjects_asked_at_once_are_both_answered_in_order() -> None:
    reply, _ = REPLIES.answer(Turn("bulletin", WEB, subjects=("bulletin", "adhesion")), Memory())
    assert [a.id for a in reply.answers] == ["bulletin", "adhesion"]


def test_a_choice_is_shown_as_buttons_and_read_aloud_with_numbers() -> None:
    assert [c.text for c in Conversation(WEB).unclear("adhesion", "bulletin").choices] == [
        "titre adhesion",
        "titre bulletin",
    ]
    assert "1 : titre adhesion. 2 : titre bulletin." in Conversation(PHONE).unclear("adhesion", "bulletin").text


@pytest.mark.parametrize(("word", "expected"), [("choose_first", "adhesion"), ("choose_second", "bulletin")])
def test_an_ordinal_chooses_what_was_offered(word: str, expected: str) -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    assert conversation.chooses(word).answers[0].id == expected


def test_yes_takes_the_only_subject_offered() -> None:
    conversation = Conversation()
    assert conversation.unclear("conges").text == "Est-ce titre conges ?"
    assert conversation.chooses("affirm").answers[0].id == "conges"


def test_yes_to_two_subjects_asks_which_one() -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    again = conversation.chooses("affirm")
    assert (again.outcome, [c.intent for c in again.choices]) == (Outcome.CLARIFY, ["adhesion", "bulletin"])


def test_a_number_that_was_not_offered_is_asked_again() -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    assert conversation.chooses("choose_third").outcome is Outcome.CLARIFY


def test_no_to_what_was_offered_asks_for_other_words_and_then_offers_a_person() -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    assert conversation.chooses("deny").text == "deny écrit"
    assert conversation.mumbles().text == "Un conseiller ?"


def test_an_ordinal_out_of_the_blue_is_not_understood() -> None:
    assert Conversation().chooses("choose_first").outcome is Outcome.ABSTAINED


def test_choices_are_forgotten_once_something_else_was_answered() -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    conversation.asks("conges")
    assert conversation.chooses("choose_first").outcome is Outcome.ABSTAINED


def test_a_second_unclear_wording_of_an_offered_subject_settles_it() -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    assert conversation.unclear("bulletin", "conges").answers[0].id == "bulletin"


def test_not_understood_three_times_rephrase_then_offer_then_person() -> None:
    conversation = Conversation()
    replies = [conversation.mumbles() for _ in range(3)]
    assert [r.outcome for r in replies] == [Outcome.ABSTAINED, Outcome.ABSTAINED, Outcome.HANDOVER]
    assert "par exemple" in replies[0].text
    assert "conseiller" in replies[1].text


def test_yes_to_the_offer_of_a_person_hands_over() -> None:
    conversation = Conversation()
    conversation.mumbles()
    conversation.mumbles()
    assert conversation.chooses("affirm").outcome is Outcome.HANDOVER


def test_an_answer_in_between_starts_the_count_anew() -> None:
    conversation = Conversation()
    conversation.mumbles()
    conversation.mumbles()
    conversation.asks("adhesion")
    assert conversation.mumbles().outcome is Outcome.ABSTAINED


def test_foreign_questions_are_refused_however_often_and_never_sent_to_an_agent() -> None:
    conversation = Conversation()
    replies = [conversation.mumbles("out_of_scope") for _ in range(5)]
    assert {r.outcome for r in replies} == {Outcome.ABSTAINED}
    assert replies[0].text == "out_of_scope écrit"


def test_no_sentence_of_its_own_is_said_twice_in_a_row() -> None:
    conversation = Conversation()
    said = [
        conversation.says("greet"), conversation.says("greet"), conversation.says("greet"),
        conversation.mumbles("out_of_scope"), conversation.mumbles("out_of_scope"),
        conversation.mumbles("out_of_scope"),
        conversation.mumbles(), conversation.unclear("adhesion", "bulletin"), conversation.chooses("affirm"),
        conversation.chooses("affirm"), conversation.chooses("deny"), conversation.mumbles(),
    ]  # fmt: skip
    texts = [" ".join(reply.texts) for reply in said]
    assert all(first != second for first, second in pairwise(texts))


def test_distress_is_answered_in_full_every_time() -> None:
    conversation = Conversation()
    assert [conversation.says("distress").texts for _ in range(2)] == [["distress écrit"]] * 2


def test_repeating_says_the_last_answer_again() -> None:
    conversation = Conversation()
    conversation.asks("bulletin")
    assert [a.id for a in conversation.does("repeat").answers] == ["bulletin"]
    assert [a.id for a in conversation.does("repeat").answers] == ["bulletin"]


def test_repeating_a_question_keeps_its_choices() -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    assert len(conversation.does("repeat").choices) == 2
    assert conversation.chooses("choose_second").answers[0].id == "bulletin"


def test_there_is_nothing_to_repeat_at_first_nor_after_a_handover() -> None:
    conversation = Conversation()
    assert conversation.does("repeat").texts == ["Rien dit encore."]
    conversation.does("handover")
    assert conversation.does("repeat").outcome is Outcome.ANSWERED


def test_slower_tells_the_line_and_says_the_answer_again_on_the_telephone() -> None:
    conversation = Conversation(PHONE)
    conversation.asks("bulletin")
    reply = conversation.says("slower")
    assert reply.control == "slower"
    assert [a.id for a in reply.answers] == ["slower", "bulletin"]
    assert [a.id for a in conversation.says("slower").answers] == ["slower", "bulletin"]


def test_waiting_keeps_what_was_offered() -> None:
    conversation = Conversation()
    conversation.unclear("adhesion", "bulletin")
    assert conversation.says("wait").control == "wait"
    assert conversation.chooses("choose_first").answers[0].id == "adhesion"


def test_not_having_understood_our_answer_is_not_met_with_the_same_answer() -> None:
    conversation = Conversation()
    conversation.asks("bulletin")
    assert conversation.does("not_understood").text == "not_understood écrit"
    assert conversation.does("not_understood").text == "Un conseiller ?"


def test_a_person_who_asks_for_a_person_gets_one() -> None:
    reply = Conversation().does("handover")
    assert (reply.outcome, reply.text) == (Outcome.HANDOVER, "handover écrit")


def test_a_subject_that_the_knowledge_has_lost_is_not_answered() -> None:
    assert Conversation().asks("disparu").outcome is Outcome.ABSTAINED


# -- no to what was offered --


def test_a_third_no_in_a_row_to_what_was_offered_hands_over() -> None:
    conversation = Conversation()
    outcomes = []
    for offered in (("adhesion", "bulletin"), ("conges", "mutuelle"), ("adhesion", "conges")):
        conversation.unclear(*offered)
        outcomes.append(conversation.chooses("deny").outcome)
    assert outcomes == [Outcome.ABSTAINED, Outcome.ABSTAINED, Outcome.HANDOVER]


def test_whoever_declines_a_person_is_not_sent_to_one() -> None:
    conversation = Conversation()
    conversation.mumbles()
    conversation.mumbles()
    assert conversation.chooses("deny").outcome is Outcome.ABSTAINED
    assert conversation.asks("adhesion").outcome is Outcome.ANSWERED


def test_a_person_is_offered_in_words_never_as_a_choice_among_subjects() -> None:
    conversation = Conversation()
    conversation.mumbles()
    conversation.mumbles()
    reply = conversation.chooses("choose_second")
    assert (reply.outcome, reply.choices) == (Outcome.HANDOVER, ())


def test_a_third_correction_in_a_row_hands_over() -> None:
    conversation = Conversation()
    conversation.asks("adhesion")
    replies = [conversation.does("correction") for _ in range(3)]
    assert [r.outcome for r in replies] == [Outcome.ABSTAINED, Outcome.ABSTAINED, Outcome.HANDOVER]
    assert replies[0].text == "correction écrit"


def test_after_a_correction_nothing_leans_on_what_was_answered_wrongly() -> None:
    conversation = Conversation()
    conversation.asks("adhesion")
    conversation.does("correction")
    assert conversation.memory.subjects == ()


def test_only_topics_are_ever_offered() -> None:
    reply = Conversation().unclear("thanks", "adhesion", "elsewhere_caf", "person_salarie", "bulletin", "out_of_scope")
    assert [choice.intent for choice in reply.choices] == ["adhesion", "bulletin"]


# -- other services --


def test_a_question_for_another_service_gets_that_services_address() -> None:
    assert Conversation().mumbles("out_of_scope", pointer="elsewhere_caf").text == "elsewhere_caf écrit"
    assert Conversation().mumbles("out_of_scope", pointer="elsewhere_gone").text == "out_of_scope écrit"


def test_another_service_asked_for_by_name_gets_its_address_too() -> None:
    assert Conversation().mumbles("elsewhere_caf").text == "elsewhere_caf écrit"


def test_an_address_is_given_again_however_often_but_not_twice_in_a_row() -> None:
    conversation = Conversation()
    texts = [conversation.mumbles("out_of_scope", pointer="elsewhere_caf").text for _ in range(4)]
    assert texts[0] == texts[2] == "elsewhere_caf écrit"
    assert all(first != second for first, second in pairwise(texts))


# -- details on the telephone --


def test_details_are_offered_on_the_telephone_where_there_are_some() -> None:
    assert Conversation(PHONE).asks("conges").text == "Des détails ?"
    assert Conversation(PHONE).asks("adhesion").text == ""
    assert Conversation(WEB).asks("conges").text == ""


@pytest.mark.parametrize("asking", ["yes", "more", "again"])
def test_details_are_read_to_who_wants_them(asking: str) -> None:
    conversation = Conversation(PHONE)
    conversation.asks("conges")
    reply = {
        "yes": lambda: conversation.chooses("affirm"),
        "more": lambda: conversation.does("more"),
        "again": lambda: conversation.asks("conges"),
    }[asking]()
    assert [(a.id, a.text, a.source) for a in reply.answers] == [("conges", "congés en détail", "source")]
    assert conversation.chooses("affirm").texts == ["affirm dit"]


def test_a_question_that_stays_is_offered_the_details_and_not_answered() -> None:
    conversation = Conversation(PHONE)
    conversation.asks("conges")
    reply = conversation.stays("conges")
    assert (reply.outcome, reply.answers, reply.text) == (Outcome.ABSTAINED, (), "Plus de détails, ou autre chose ?")
    assert [a.text for a in conversation.chooses("affirm").answers] == ["congés en détail"]


def test_who_stays_on_the_subject_and_does_not_want_the_details_is_offered_a_person() -> None:
    conversation = Conversation(PHONE)
    conversation.asks("conges")
    conversation.stays("conges")
    assert conversation.stays("conges").text == "Rien d'autre sur titre conges."
    assert conversation.chooses("affirm").outcome is Outcome.HANDOVER


def test_who_may_have_asked_for_a_person_is_offered_one() -> None:
    conversation = Conversation(PHONE)
    reply = conversation.unclear("handover")
    assert (reply.outcome, reply.text) == (Outcome.ABSTAINED, "Une personne ?")
    assert conversation.chooses("affirm").outcome is Outcome.HANDOVER


def test_a_person_half_heard_again_settles_it_and_another_question_is_answered() -> None:
    conversation = Conversation(PHONE)
    conversation.unclear("handover")
    assert conversation.asks("adhesion").answers[0].id == "adhesion"
    conversation.unclear("handover")
    assert conversation.unclear("handover").outcome is Outcome.HANDOVER


def test_who_is_not_understood_three_times_gets_a_person_whatever_was_half_heard() -> None:
    conversation = Conversation(PHONE)
    conversation.does("abstain")
    conversation.does("abstain")
    conversation.chooses("deny")
    assert conversation.unclear("handover").outcome is Outcome.HANDOVER


def test_declined_details_are_not_read() -> None:
    conversation = Conversation(PHONE)
    conversation.asks("conges")
    assert conversation.chooses("deny").texts == ["Entendu."]
    assert conversation.does("more").texts == ["more dit"]


def test_details_wait_for_who_asks_us_to_wait() -> None:
    conversation = Conversation(PHONE)
    conversation.asks("conges")
    conversation.says("wait")
    assert conversation.chooses("affirm").texts == ["congés en détail"]


def test_details_are_those_of_the_usual_kind_of_person_only() -> None:
    conversation = Conversation(PHONE)
    conversation.is_a("salarie")
    reply = conversation.asks("conges")
    assert (reply.answers[0].text, reply.text) == ("vos congés dits", "")


# -- follow-ups --


def test_a_question_to_which_the_answer_has_nothing_to_add_is_owned_up_to_with_a_person_offered() -> None:
    conversation = Conversation()
    conversation.asks("adhesion")
    first, second, third = (conversation.stays("adhesion") for _ in range(3))
    assert first.text == "Rien d'autre sur titre adhesion."
    assert second.text == "C'est tout pour titre adhesion."
    assert third.outcome is Outcome.HANDOVER


def test_another_subject_it_may_be_about_is_offered_beside_a_person() -> None:
    conversation = Conversation()
    conversation.asks("adhesion")
    reply = conversation.stays("adhesion", "conges", "mutuelle")
    assert [choice.intent for choice in reply.choices] == ["conges", "mutuelle", "handover"]
    assert conversation.chooses("choose_second").answers[0].id == "mutuelle"


def test_the_same_other_subjects_are_not_offered_twice_in_a_row() -> None:
    conversation = Conversation()
    conversation.asks("adhesion")
    conversation.stays("adhesion", "conges")
    assert conversation.stays("adhesion", "conges").text == "Rien d'autre sur titre adhesion."


def test_a_person_asked_for_again_is_handed_over_to_in_other_words() -> None:
    conversation = Conversation()
    replies = [conversation.does("handover") for _ in range(4)]
    assert {reply.outcome for reply in replies} == {Outcome.HANDOVER}
    assert [reply.text for reply in replies[:2]] == ["handover écrit", "Déjà transmis."]
    assert all(first.text != second.text for first, second in pairwise(replies))


def test_yes_to_the_person_offered_with_it_hands_over() -> None:
    conversation = Conversation()
    conversation.asks("adhesion")
    conversation.stays("adhesion")
    assert conversation.chooses("affirm").outcome is Outcome.HANDOVER


def test_the_same_answer_is_not_given_twice_in_a_row() -> None:
    conversation = Conversation()
    conversation.asks("adhesion")
    assert conversation.asks("adhesion").text == "Je viens de répondre sur titre adhesion."
    conversation.asks("mutuelle")
    assert conversation.asks("adhesion").outcome is Outcome.ANSWERED


def test_going_back_gives_the_answer_before_the_last_one() -> None:
    conversation = Conversation()
    assert conversation.does("back").texts == ["back écrit"]
    conversation.asks("adhesion")
    conversation.asks("mutuelle")
    conversation.says("thanks")
    assert [a.id for a in conversation.does("back").answers] == ["adhesion"]


def test_why_gives_subject_source_and_day_of_the_last_answer() -> None:
    conversation = Conversation()
    assert conversation.does("why_answer").texts == ["why_answer écrit"]
    conversation.asks("adhesion")
    assert conversation.does("why_answer").texts == ["Sur titre adhesion, vérifié le 21/11/2026 d'après source."]


# -- who is asking --


def test_who_is_asking_is_asked_only_where_the_words_leave_it_open() -> None:
    assert Conversation().asks("bulletin", text="où est le bulletin").outcome is Outcome.ANSWERED
    reply = Conversation().asks("bulletin", text="où est mon bulletin ?")
    assert (reply.outcome, reply.text) == (Outcome.CLARIFY, "Qui êtes-vous ? ")
    assert [choice.intent for choice in reply.choices] == ["person_employeur", "person_salarie"]


@pytest.mark.parametrize("answering", ["says", "chooses", "unclear"])
def test_the_question_that_waited_is_answered_for_that_kind_of_person(answering: str) -> None:
    conversation = Conversation()
    conversation.asks("bulletin", text="où est mon bulletin ?")
    reply = {
        "says": lambda: conversation.is_a("salarie"),
        "chooses": lambda: conversation.chooses("choose_second"),
        "unclear": lambda: conversation.mumbles(ranking=(Ranked("person_salarie", 0.3),)),
    }[answering]()
    assert [a.text for a in reply.answers] == ["bulletin du salarié"]
    assert conversation.memory.person == "salarie"


def test_who_is_asking_is_remembered() -> None:
    conversation = Conversation()
    conversation.is_a("salarie")
    conversation.asks("adhesion")
    assert conversation.asks("bulletin", text="mon bulletin").answers[0].text == "bulletin du salarié"


def test_words_that_give_it_away_need_no_question() -> None:
    conversation = Conversation()
    reply = conversation.asks("bulletin", text="mon employeur ne donne pas mon bulletin")
    assert reply.answers[0].text == "bulletin du salarié"
    assert conversation.asks("conges").answers[0].text == "vos congés"


def test_whoever_does_not_say_who_they_are_is_not_asked_again() -> None:
    conversation = Conversation()
    conversation.asks("bulletin", text="mon bulletin")
    assert conversation.asks("bulletin", text="mon bulletin").answers[0].text == "bulletin écrit"


def test_saying_who_one_is_after_an_answer_gives_it_again_where_it_differs() -> None:
    conversation = Conversation()
    conversation.asks("bulletin")
    assert conversation.is_a("salarie").answers[0].text == "bulletin du salarié"
    assert conversation.is_a("salarie").texts == ["person_salarie écrit"]


def test_saying_who_one_is_where_nothing_differs_is_noted() -> None:
    conversation = Conversation()
    conversation.asks("bulletin")
    assert conversation.is_a("employeur").texts == ["person_employeur écrit"]


# -- another language --


def test_whoever_writes_another_language_is_told_in_it_what_is_possible() -> None:
    assert Conversation().mumbles(text=ENGLISH).text == "French only."
    assert Conversation(PHONE).unclear("conges", "adhesion", text=ENGLISH).text == "French only, on the phone."


def test_not_being_understood_in_another_language_ends_at_a_person_too() -> None:
    conversation = Conversation()
    outcomes = [conversation.mumbles(text=ENGLISH).outcome for _ in range(3)]
    assert outcomes == [Outcome.ABSTAINED, Outcome.ABSTAINED, Outcome.HANDOVER]


def test_an_answer_in_our_language_says_so_once() -> None:
    conversation = Conversation()
    assert conversation.asks("conges", text=ENGLISH).texts == ["In French:", "conges écrit"]
    assert conversation.asks("mutuelle", text=ENGLISH).texts == ["mutuelle écrit"]


def test_an_answer_that_exists_in_that_language_is_given_in_it() -> None:
    answer = Conversation().asks("adhesion", text="how can my association join the service please").answers[0]
    assert (answer.text, answer.title, answer.language) == ("join written", "join title", "en")


def test_our_own_language_is_never_remarked_on() -> None:
    assert Conversation().asks("conges", text="combien de jours de congés pour les salariés").texts == ["conges écrit"]


# -- a model older than the knowledge --


@pytest.mark.parametrize("action", ["exchange", "person", "answer", "stay"])
def test_what_the_knowledge_has_lost_is_said_not_to_be_understood(action: str) -> None:
    bare = Replies(Knowledge(s for s in KNOWLEDGE.values() if s.intent != "person_salarie"), PROMPTS)
    intent = "person_salarie" if action == "person" else "disparu"
    assert Conversation(replies=bare).turn(action, intent).outcome is Outcome.ABSTAINED
