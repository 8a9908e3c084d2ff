"""The number at which to call back, by keys and by words."""

from __future__ import annotations

import pytest

from voice.callback_offer import Accepted, Begun, CallbackOffer, Declined, Incomplete, Misheard, NotThere, Proposed

KNOWN = "+33612345678"


def typed(offer: CallbackOffer, keys: str) -> object:
    result: object = None
    for key in keys:
        result = offer.key(key)
    return result


def test_one_key_accepts_the_number_of_the_call() -> None:
    assert typed(CallbackOffer(KNOWN), "1") == Accepted(KNOWN)
    assert typed(CallbackOffer(KNOWN), "2") == NotThere()


def test_a_number_is_typed_and_ended_with_the_hash_key() -> None:
    assert typed(CallbackOffer(KNOWN), "0123456789#") == Accepted("0123456789")


def test_a_hidden_number_leaves_1_as_a_digit() -> None:
    assert typed(CallbackOffer(), "1") is None


def test_star_begins_again() -> None:
    assert typed(CallbackOffer(), "06*0123456789#") == Accepted("0123456789")


def test_too_few_digits_are_not_a_number() -> None:
    offer = CallbackOffer()
    assert typed(offer, "0123#") == Incomplete()
    assert typed(offer, "0123456789#") == Accepted("0123456789")


def test_a_storm_of_keys_ends() -> None:
    assert isinstance(typed(CallbackOffer(), "9" * 15), Accepted)


def test_a_pause_after_the_last_digit_ends_the_number_too() -> None:
    offer = CallbackOffer()
    typed(offer, "0123456789")
    assert offer.finished() == Accepted("0123456789")
    assert offer.finished() is None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Oui.", Accepted(KNOWN)),
        ("D'accord.", Accepted(KNOWN)),
        ("Non merci.", Declined()),
        ("Au 06 11 22 33 44.", Proposed("0611223344")),
        ("Oui, pourquoi pas.", Accepted(KNOWN)),
        ("Oui, pas de souci.", Accepted(KNOWN)),
        ("Pas de problème.", Accepted(KNOWN)),
        ("D'accord, avec plaisir.", Accepted(KNOWN)),
        ("Si vous voulez.", Accepted(KNOWN)),
        ("Oui, s'il vous plaît.", Accepted(KNOWN)),
        ("Un.", Accepted(KNOWN)),
        ("Non, pas de problème.", NotThere()),
        ("Non, s'il vous plaît.", NotThere()),
        ("Oui, je veux bien.", Accepted(KNOWN)),
        ("Très bien.", Accepted(KNOWN)),
        ("Parfait.", Accepted(KNOWN)),
        ("Oui, allez-y.", Accepted(KNOWN)),
        ("Oui, rappelez-moi.", Accepted(KNOWN)),
        ("Oui, ça me convient.", Accepted(KNOWN)),
        ("Oui, à ce numéro.", Accepted(KNOWN)),
        ("C'est exact.", Accepted(KNOWN)),
        ("Oui, c'est le bon.", Accepted(KNOWN)),
        ("Non, c'est bon.", Declined()),
        ("Oui, pourquoi ?", None),
        ("Oui, je voudrais savoir quand je dois payer.", None),
        ("Oui, est-ce que c'est payant.", None),
        ("Comment adhérer ?", None),
        ("Oui mais comment je fais pour adhérer ?", None),
    ],
)
def test_words_accept_decline_propose_or_are_another_question(text: str, result: object) -> None:
    assert CallbackOffer(KNOWN).words(text) == result


@pytest.mark.parametrize("yes", ["Oui.", "Oui, je vous le donne."])
def test_after_a_yes_the_number_that_is_not_known_is_waited_for(yes: str) -> None:
    offer = CallbackOffer()
    assert offer.words(yes) == Begun()
    assert offer.words("06 12 34 56 78") == Proposed("0612345678")


@pytest.mark.parametrize("yes", ["Voilà.", "Oui.", "C'est bon."])
def test_who_has_typed_a_number_and_says_so_is_called_at_that_one(yes: str) -> None:
    offer = CallbackOffer(KNOWN)
    typed(offer, "0698765432")
    assert offer.words(yes) == Accepted("0698765432")


def test_what_is_said_while_a_number_is_typed_does_not_lose_it() -> None:
    offer = CallbackOffer(KNOWN)
    typed(offer, "0698")
    for pause in ("Euh.", "Alors, attendez.", "S'il vous plaît."):
        assert offer.words(pause) == Begun()
    assert typed(offer, "765432#") == Accepted("0698765432")
    typed(offer, "0699")
    assert offer.words("Non, attendez.") == Begun()
    assert typed(offer, "0698765432#") == Accepted("0698765432")
    typed(offer, "0699")
    assert offer.words("Non merci.") == Declined()


@pytest.mark.parametrize(
    ("groups", "number"),
    [
        (("06.", "12 34", "56 78"), "0612345678"),
        (("C'est le 06.", "12.", "34.", "56.", "78."), "0612345678"),
        (("Plus 33.", "6 12", "34 56 78"), "33612345678"),
        (("Zéro six.", "douze", "trente", "40", "Alors, 50"), "0612304050"),
        (("06 12 34 56 7.", "8"), "0612345678"),
        (("Zéro six, vingt, trente-quatre, cinquante-six, soixante-quatorze.",), "0620345674"),
        (("Zéro six soixante-douze", "Nonante et un, quatre-vingt-douze.", "vingt-trois"), "0672919223"),
        (("06 12", "Non, 07 11", "22 33 44"), "0711223344"),
        (("06 12", "06 12 34 56 78"), "0612345678"),
    ],
)
def test_a_number_dictated_in_groups_adds_up(groups: tuple[str, ...], number: str) -> None:
    offer = CallbackOffer()
    *begun, last = groups
    for group in begun:
        assert offer.words(group) == Begun()
    assert offer.words(last) == Proposed(number)
    assert not offer.begun


@pytest.mark.parametrize("pause", ["Euh.", "Attendez.", "Pardon.", "Une seconde.", "Un instant, s'il vous plaît."])
def test_who_looks_for_the_rest_of_a_number_keeps_what_is_there(pause: str) -> None:
    offer = CallbackOffer(KNOWN)
    offer.words("C'est le 06 12")
    assert offer.words(pause) == Begun()
    assert offer.words("34 56 78") == Proposed("0612345678")
    assert CallbackOffer(KNOWN).words("Attendez.") is None


@pytest.mark.parametrize("no", ["Non.", "Non, attendez.", "Non non, pardon.", "Euh, non."])
def test_who_has_begun_a_wrong_number_begins_again(no: str) -> None:
    offer = CallbackOffer(KNOWN)
    offer.words("C'est le 06 12")
    assert offer.words(no) == Begun()
    assert offer.words("07 11 22 33 44") == Proposed("0711223344")


def test_a_number_that_was_read_back_is_wrong_or_right() -> None:
    assert CallbackOffer(KNOWN, read_back=True).words("Non.") == Misheard()
    assert CallbackOffer(KNOWN, read_back=True).key("2") == Misheard()
    assert CallbackOffer(KNOWN, read_back=True).words("Non, c'est le 07 11 22 33 44.") == Proposed("0711223344")
    assert CallbackOffer(KNOWN, read_back=True).words("Non merci.") == Declined()
    assert CallbackOffer(KNOWN, read_back=True).words("Oui, c'est bien ça.") == Accepted(KNOWN)
    assert CallbackOffer(KNOWN, read_back=True).words("Non, je veux savoir comment adhérer.") is None


def test_half_a_number_is_no_number_and_is_not_kept_for_ever() -> None:
    offer = CallbackOffer(KNOWN)
    offer.words("06 12")
    assert offer.finished() == Incomplete()
    assert not offer.begun
    assert offer.finished() is None


def test_who_says_that_this_was_all_has_it_read_back() -> None:
    offer = CallbackOffer(KNOWN)
    assert offer.words("06 11 22 33 4") == Begun()
    assert offer.words("Voilà.") == Proposed("061122334")


def test_more_figures_than_any_number_has_are_none() -> None:
    offer = CallbackOffer()
    offer.words("0033 6 12 34")
    assert offer.words("12 34 56 78") == Incomplete()


def test_who_begins_to_type_no_longer_dictates() -> None:
    offer = CallbackOffer()
    offer.words("06 12")
    assert typed(offer, "0123456789#") == Accepted("0123456789")


def test_words_with_a_figure_in_them_are_still_a_question() -> None:
    assert CallbackOffer().words("Il y a 2 salariés") is None
