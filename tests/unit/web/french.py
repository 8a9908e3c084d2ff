"""The texts that the tests of the web give the application, and the desk token."""

from __future__ import annotations

from bot.web.texts import WebTexts

TEXTS_FR = WebTexts(
    greeting="Bonjour, assistant automatique.",
    suggestions=("Comment adhérer ?",),
    person_label="Parler à un conseiller",
    person_requested="Demande transmise.",
    too_long="Trop long.",
    too_fast="Trop vite.",
    unavailable="Indisponible.",
    empty="Vide.",
    lost="Perdue.",
    malformed="Illisible.",
    bad_contact="Coordonnées ?",
    slot_gone="Créneau pris.",
    too_many_windows="Trop de fenêtres.",
    forbidden_origin="Site refusé.",
    handover={"queued": "En file.", "active": "Avec {agent}."},
    greetings={"en": "Hello."},
)
DESK = {"Authorization": "Bearer desk-secret"}
