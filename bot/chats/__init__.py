"""Chats on the website: the log of each, the windows that follow it, the dialogue and the desk that answer in it."""

from bot.chats.chats import PERSON_KEY, Chats, Handled
from bot.chats.room import Room, Window
from bot.chats.shown import Message, answer_json, availability_json, handover_now, reply_json

__all__ = [
    "PERSON_KEY",
    "Chats",
    "Handled",
    "Message",
    "Room",
    "Window",
    "answer_json",
    "availability_json",
    "handover_now",
    "reply_json",
]
