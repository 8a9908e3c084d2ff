import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voice.french.numbers import roman
from voice.spoken_french import DEFAULT, speak, with_exceptions


def check(written: str, said: str) -> None:
    assert speak(f"Voici {written}") == f"Voici {said}"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("15/03/2025", "quinze mars deux mille vingt-cinq"),
        ("le 1/1/2026", "le premier janvier deux mille vingt-six"),
        ("15.03.2025", "quinze mars deux mille vingt-cinq"),
        ("2025-07-09", "neuf juillet deux mille vingt-cinq"),
        ("le 15/03/25", "le quinze mars deux mille vingt-cinq"),
        ("du 01/09 au 31/12", "du premier septembre au trente et un décembre"),
        ("le 5 du mois suivant", "le cinq du mois suivant"),
        ("le 1er mars 2024", "le premier mars deux mille vingt-quatre"),
        ("décembre ou 12/2025", "décembre ou décembre deux mille vingt-cinq"),
        ("45/13/2025", "quarante-cinq ou treize ou deux mille vingt-cinq"),
    ],
)
def test_dates(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("9h", "neuf heures"),
        ("9 h 05", "neuf heures cinq"),
        ("17h30", "dix-sept heures trente"),
        ("17:30", "dix-sept heures trente"),
        ("1 h", "une heure"),
        ("21 h", "vingt et une heures"),
        ("48 h", "quarante-huit heures"),
        ("24h/24 et 7j/7", "vingt-quatre heures sur vingt-quatre et sept jours sur sept"),
        ("30 min", "trente minutes"),
        ("de 9h-12h à 10-12 h", "de neuf heures à douze heures à disse à douze heures"),
    ],
)
def test_hours(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("70 €", "soixante-dix euros"),
        ("1 €", "un euro"),
        ("0 €", "zéro euro"),
        ("11,88 €", "onze euros quatre-vingt-huit"),
        ("11,9 €", "onze euros quatre-vingt-dix"),
        ("1 250,50 €", "mille deux cent cinquante euros cinquante"),
        ("1\u202f250,00\u00a0€", "mille deux cent cinquante euros"),
        ("0,50 €", "cinquante centimes"),
        ("12 euros", "douze euros"),
        ("12,50 euros", "douze euros cinquante"),
        ("2,125 €", "deux virgule cent vingt-cinq euros"),
        ("1 000 000 €", "un million d'euros"),
        ("15 k€", "quinze mille euros"),
        ("1.000 € et 10.50 €", "mille euros et dix euros cinquante"),
        ("12 €/h", "douze euros par heure"),
        ("200 €/mois", "deux cents euros par mois"),
    ],
)
def test_amounts(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("70 %", "soixante-dix pour cent"),
        ("2,05 %", "deux virgule zéro cinq pour cent"),
        ("2,5 jours", "deux virgule cinq jours"),
        ("80", "quatre-vingts"),
        ("1 000", "mille"),
        ("2 300 000", "deux millions trois cent mille"),
        ("21 associations", "vingt et une associations"),
        ("1 personne", "une personne"),
        ("1 salarié", "un salarié"),
        ("007", "zéro zéro sept"),
        ("5-10 jours", "cinq à dix jours"),
        ("1/2 et 2/5", "un demi et deux sur cinq"),
        ("-5 °C", "moins cinq degrés"),
        ("25 m²", "vingt-cinq mètres carrés"),
        ("la version 3.6.21", "la version trois point six point vingt et un"),
        ("٣", "trois"),
    ],
)
def test_numbers(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("le 2e et la 71ème", "le deuxième et la soixante et onzième"),
        ("la 1re fois", "la première fois"),
        ("le 21e", "le vingt et unième"),
        ("le 80e et le 200e", "le quatre-vingtième et le deux centième"),
        ("les 1ers et le 1ᵉʳ", "les premiers et le premier"),
        ("le XXIe siècle", "le vingt et unième siècle"),
        ("François Ier", "François premier"),
        ("Le CE", "Le cé euh"),
    ],
)
def test_ordinals(written: str, said: str) -> None:
    check(written, said)


def test_articles_are_not_roman_numerals() -> None:
    assert speak("Le De Ce Xe") == "Le De Ce dixième"
    assert [roman(numeral) for numeral in ("XXI", "IV", "IIII", "VX", "LC")] == [21, 4, 0, 0, 0]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("le 01 49 23 22 22", "le zéro un, quarante-neuf, vingt-trois, vingt-deux, vingt-deux"),
        ("le 01.49.23.22.22", "le zéro un, quarante-neuf, vingt-trois, vingt-deux, vingt-deux"),
        ("le 0149232222", "le zéro un, quarante-neuf, vingt-trois, vingt-deux, vingt-deux"),
        ("le +33 1 49 23 22 22", "le plus trente-trois, un, quarante-neuf, vingt-trois, vingt-deux, vingt-deux"),
        ("le +44 20 7946 0018", "le plus quarante-quatre, vingt, soixante-dix-neuf, quarante-six, zéro zéro, dix-huit"),
        ("le 0 806 803 800", "le zéro huit cent six, huit cent trois, huit cents"),
        ("le 3646", "le trente-sisse quarante-six"),
        ("3646 €", "trois mille six cent quarante-six euros"),
        ("le 3114", "le trente et un quatorze"),
        ("le 0 805 12 34 56", "le zéro huit cent cinq, douze, trente-quatre, cinquante-six"),
        ("le 732 829 320 RCS", "le sept cent trente-deux, huit cent vingt-neuf, trois cent vingt erre cé esse"),
        (
            "l'association W751234567",
            "l'association double vé, sept cent cinquante et un, deux cent trente-quatre, cinq cent soixante-sept",
        ),
        ("le code 94.99Z", "le code quatre-vingt-quatorze, quatre-vingt-dix-neuf, zède"),
        ("l'arrêt n° 14-13.127", "l'arrêt numéro quatorze, treize, cent vingt-sept"),
        (
            "le Siret 123 456 789 00012",
            "le Siret cent vingt-trois, quatre cent cinquante-six, sept cent quatre-vingt-neuf, zéro zéro zéro douze",
        ),
        (
            "le Siren 123 456 789",
            "le Sirène cent vingt-trois, quatre cent cinquante-six, sept cent quatre-vingt-neuf",
        ),
        ("l'article L. 133-5-1", "l'article elle cent trente-trois tiret cinq tiret un"),
        ("l'art. R1221-1", "l'article erre mille deux cent vingt et un tiret un"),
        ("la fiche F766", "la fiche effe sept cent soixante-six"),
        ("la fiche F 766", "la fiche effe sept cent soixante-six"),
    ],
)
def test_numbers_that_are_names(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("M. Dupont", "monsieur Dupont"),
        ("MM. Dupont et Martin", "messieurs Dupont et Martin"),
        ("M. le maire de St-Denis", "monsieur le maire de Saint-Denis"),
        ("Mme Martin, Mlle Petit", "madame Martin, mademoiselle Petit"),
        ("n° 12", "numéro douze"),
        ("les nos et n°s 3", "les nos et numéros trois"),
        ("p. ex. ceci", "par exemple ceci"),
        ("le tél. fixe", "le téléphone fixe"),
        ("un RDV", "un rendez-vous"),
        ("et/ou", "et ou"),
        ("le salarié(e)", "le salarié"),
    ],
)
def test_abbreviations(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("la DPAE", "la dé pé a euh"),
        ("la CPAM", "la cé pé a aime"),
        ("la DGFiP", "la dé gé effe i pé"),
        ("le CEA", "le cé euh a"),
        ("des CDDs", "des cé dé dé"),
        ("l'URSSAF et l'Urssaf", "l'Urssaf et l'Urssaf"),
        ("l'Insee", "l'Insé"),
        ("le SMIC", "le Smic"),
        ("une S.A.R.L.", "une esse a erre elle"),
        ("une ASSOCIATION", "une association"),
        ("l'ÉTAT", "l'état"),
        ("NON", "non"),
        ("un e-mail", "un imèle"),
    ],
)
def test_initials(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("le 6 du mois suivant", "le sisse du mois suivant"),
        ("le 28 de chaque mois", "le vingt-huitte de chaque mois"),
        ("de 10 à 16", "de disse à seize"),
        ("6 jours, 10 salariés, 8 euros", "six jours, dix salariés, huit euros"),
        ("70 % et 10 pour cent", "soixante-dix pour cent et dix pour cent"),
        ("tapez 6.", "tapez six."),
    ],
)
def test_six_huit_and_dix_sound_their_last_letter_where_they_count_nothing(written: str, said: str) -> None:
    check(written, said)


def test_exceptions_are_the_callers_to_choose() -> None:
    assert speak("Le CEA", {**DEFAULT, "CEA": "chèque emploi"}) == "Le chèque emploi"
    assert speak("L'URSSAF", {}) == "L'urssaf"


def test_a_service_writes_its_exceptions_in_any_case_and_in_several_words() -> None:
    said_as = with_exceptions({"Tese": "Tésé", "1-2-3 Asso": "un deux trois asso", "SIRET": "numéro"})
    assert speak("Le TESE, le tese.", said_as) == "Le Tésé, le Tésé."
    assert speak("Voici 1-2-3 asso et l'Urssaf.", said_as) == "Voici un deux trois asso et l'Urssaf."
    assert speak("Votre Siret", said_as) == "Votre numéro"
    assert speak("Les 1-2-3 associations") == "Les un à deux à trois associations"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("www.urssaf.fr.", "trois double vé point Urssaf point effe erre."),
        ("www.cea.urssaf.fr", "trois double vé point cé euh a point Urssaf point effe erre"),
        ("net-entreprises.fr", "net tiret entreprises point effe erre"),
        ("ants.gouv.fr", "a enne té esse point gouv point effe erre"),
        ("impots.gouv.fr", "impôts point gouv point effe erre"),
        (
            "https://www.service-public.fr/associations/F766, puis",
            "trois double vé point service tiret public point effe erre, puis",
        ),
        ("jean.dupont-42@club.fr", "jean point dupont tiret quarante-deux arobase club point effe erre"),
    ],
)
def test_addresses(written: str, said: str) -> None:
    check(written, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Important** : lisez.", "Important : lisez."),
        ("Voir [la fiche](https://x.fr/F766).", "Voir la fiche."),
        ("# Titre\n\n- un ;\n- deux", "Titre. Un ; deux"),
        ("1. d'abord\n2. ensuite", "D'abord. Ensuite"),
        ("un *mot* et `code`", "Un mot et code"),
        ("« Bonjour » – dit-il", "Bonjour, dit-il"),
        ("Ceci (70 %), cela.", "Ceci, soixante-dix pour cent, cela."),
        ("Vraiment (oui).", "Vraiment, oui."),
        ("Bravo 🙂 !", "Bravo !"),
        ("Touche # ou touche *.", "Touche dièse ou touche étoile."),
        ("Dites « conseiller » ou tapez 0.", "Dites conseiller ou tapez zéro."),
        ("Fin. 5 jours après. M. X arrive.", "Fin. Cinq jours après. Monsieur X arrive."),
        ("", ""),
        ("**", ""),
        ("(…)", "…"),
    ],
)
def test_what_is_for_the_eye_is_not_said(written: str, said: str) -> None:
    assert speak(written) == said


_WRITING = st.text(
    alphabet=st.one_of(st.sampled_from("0123456789 .,/-:€%hHeèrnM°²½()*#@+&'LRDXVI\n"), st.characters()), max_size=60
)


@given(_WRITING)
@example("1er 2e 3/4 5,5 6.7 8h9 0")
@example("9" * 400)
@example("1" * 30 + "e " + "1" * 30 + "," + "2" * 30 + " €")
@example("00 33 1 49 23 22 22 /0/0/0000 0h 99:99")
def test_no_digit_and_no_markup_is_ever_left(text: str) -> None:
    said = speak(text)
    assert not any(letter.isdigit() for letter in said)
    assert not set(said) & set("€%*#@_/()[]{}|<>=+&\n\t")
    assert "  " not in said


@given(_WRITING)
def test_speaking_twice_changes_nothing_more_than_initials(text: str) -> None:
    once = speak(text.lower())
    assert not any(letter.isdigit() for letter in speak(once))
