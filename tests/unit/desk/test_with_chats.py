"""A visitor's window and an agent at the desk, with the real chats between them."""

from __future__ import annotations

from bot.chats import Chats
from bot.desk.desk import Desk
from bot.dialogue import Outcome, Question, Reply
from bot.store import Mode, Store
from bot.store.records import HandoverState
from tests.unit.desk.conftest import ANNE, Clock, latest, present


class Dialogue:
    """Answers everything, and counts."""

    asked = 0

    async def ask(self, question: Question) -> Reply:
        self.asked += 1
        return Reply(Outcome.ABSTAINED, text="Je ne sais pas.")


async def test_a_conversation_goes_to_a_person_and_comes_back(desk: Desk, store: Store, clock: Clock) -> None:
    dialogue = Dialogue()
    chats = Chats(
        dialogue,
        store,
        max_message_chars=500,
        messages_per_minute=100,
        person_requested_text="Demandé.",
        person_label="Parler à un conseiller",
        handover_texts={"queued": "Patientez.", "active": "{agent} est là."},
        clock=lambda: clock().timestamp(),
        desk=desk,
    )
    desk.serve(chats)
    await present(desk, ANNE)
    conversation_id, token = await chats.open()
    room = await chats.enter(conversation_id, token)
    for turn in range(2):  # it works a second time
        clock.pass_seconds(1)
        await chats.call_person(room, f"person{turn}")
        request = await latest(desk, conversation_id)
        assert request.state is HandoverState.QUEUED
        await chats.say(room, f"waiting{turn}", text="Et en attendant ?")
        assert dialogue.asked == 2 * turn + 1
        await desk.take(request.id, ANNE)
        await chats.say(room, f"to_agent{turn}", text="Bonjour Madame")
        assert dialogue.asked == 2 * turn + 1  # a person answers in the bot's place
        await desk.say(conversation_id, ANNE, f"m{turn}", "Bonjour")
        await desk.give_back(request.id, ANNE)
        await chats.say(room, f"after{turn}", text="Merci")
        assert dialogue.asked == 2 * turn + 2
        await desk.wrap_up(request.id, ANNE, None)
    shown = [(one["type"], one.get("state"), one["text"]) for one in await chats.messages(conversation_id)]
    once = [
        ("person", None, "Parler à un conseiller"),
        ("handover", "queued", "Patientez."),
        ("person", None, "Et en attendant ?"),
        ("reply", None, "Je ne sais pas."),
        ("handover", "active", "Anne est là."),
        ("person", None, "Bonjour Madame"),
        ("agent", None, "Bonjour"),
        ("handover", "ended", "Anne a fini."),
        ("person", None, "Merci"),
        ("reply", None, "Je ne sais pas."),
    ]
    assert shown == once * 2
    record = await store.conversation(conversation_id)
    assert record is not None
    assert record.mode is Mode.BOT
