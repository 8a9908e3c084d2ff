"""The dialogue, turn by turn, without Rasa: what a person reads or hears."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from actions.replies import Replies
from actions.turn import Memory, Turn, reply_from
from actions.wording import Prompts
from bot.dialogue import Channel, Outcome, Ranked, Reply
from bot.knowledge import Kind, Knowledge, Subject

WEB, PHONE = Channel.WEB, Channel.PHONE
EXCHANGE = (
    "greet", "thanks", "wait", "slower", "goodbye", "repeat", "affirm", "deny", "not_understood", "insult",
    "distress", "handover", "out_of_scope",
)  # fmt: skip


def subject(intent: str, kind: Kind = Kind.ANSWER) -> Subject:
    return Subject(
        intent, "thème", f"titre {intent}", kind, f"{intent} écrit", f"{intent} dit", ("exemple",), "f.yml",
        "source", "https://source", "", "2026-11-21",
    )  # fmt: skip


def both(*variants: str) -> dict[str, list[str]]:
    return {"web": list(variants), "phone": list(variants)}


PROMPTS = Prompts(
    {
        "clarify": both("Lequel ? {choices}", "Précisez. {choices}"),
        "clarify_item": {"phone": ["{number} : {title}."]},
        "clarify_one": both("Est-ce {title} ?", "Bien {title} ?"),
        "clarify_which": both("Quel numéro ? {choices}", "Le numéro. {choices}"),
        "abstain_first": both("Pas compris, par exemple {example}", "Pas trouvé, par exemple {example}"),
        "abstain_again": both("Un conseiller ?", "Voulez-vous un conseiller ?"),
        "abstain_handover": both("Je passe un conseiller."),
        "off_topic_again": both("Pas mon sujet.", "Autre chose ? {example}"),
        "listening": both("J'écoute.", "Je vous écoute."),
        "nothing_to_repeat": both("Rien dit encore."),
    },
    ["adhérer ?", "déclarer ?"],
)
KNOWLEDGE = Knowledge(
    [subject(name) for name in ("adhesion", "bulletin", "conges")] + [subject(name, Kind.EXCHANGE) for name in EXCHANGE]
)
REPLIES = Replies(KNOWLEDGE, PROMPTS)


class Conversation:
    """Feeds turns and keeps the memory, through its slot as Rasa does."""

    def __init__(self, channel: Channel = WEB) -> None:
        self.channel = channel
        self.slot: Any = None

    def _turn(self, action: str, intent: str, **fields: Any) -> Reply:
        turn = Turn(intent=intent, channel=self.channel, **fields)
        reply, memory = getattr(REPLIES, action)(turn, Memory.from_slot(self.slot))
        self.slot = memory.to_slot()
        assert isinstance(reply, Reply)
        return reply

    def asks(self, intent: str) -> Reply:
        return self._turn("answer", intent, subjects=(intent,))

    def unclear(self, *subjects: str) -> Reply:
        ranking = tuple(Ranked(name, 0.3) for name in subjects)
        return self._turn("clarify", "clarify", subjects=subjects, ranking=ranking)

    def chooses(self, intent: str) -> Reply:
        return self._turn("choose", intent)

    def says(self, intent: str) -> Reply:
        return self._turn("exchange", intent)

    def mumbles(self, intent: str = "nlu_fallback") -> Reply:
        return self._turn("abstain", intent)

    def does(self, action: str) -> Reply:
        return self._turn(action, action)


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


def test_a_foreign_slot_is_a_new_conversation() -> None:
    assert Memory.from_slot("anything") == Memory()


def test_a_reply_survives_its_json_form() -> None:
    from dataclasses import asdict

    reply = Conversation().unclear("adhesion", "bulletin")
    assert reply_from(asdict(reply)) == reply


def test_the_turn_is_read_from_what_rasa_knows_of_the_message() -> None:
    turn = Turn.from_message(
        {
            "intent": {"name": "clarify", "confidence": 0.4},
            "subject_ranking": [{"name": "adhesion", "confidence": 0.4}],
            "decision": {"kind": "clarify", "subjects": ["adhesion"], "sureness": 0.3},
            "metadata": {"channel": "phone"},
        }
    )
    assert (turn.channel, turn.subjects, turn.why["sureness"]) == (PHONE, ("adhesion",), 0.3)
    assert turn.ranking == (Ranked("adhesion", 0.4),)
