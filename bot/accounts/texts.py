"""What people read about their account, by the code of the answer. For those who work here, not for visitors."""

from __future__ import annotations

REFUSALS = {
    "unauthorized": "Vous n’êtes pas connecté, ou votre session a pris fin. Connectez-vous de nouveau.",
    "wrong_login": "Identifiant ou mot de passe incorrect.",
    "totp_required": "Saisissez le code à six chiffres de votre application d’authentification.",
    "wrong_code": "Ce code n’est pas valable, ou il a déjà servi. Attendez le suivant, puis réessayez.",
    "wrong_password": "Le mot de passe actuel est incorrect.",
    "too_many_tries": "Trop d’essais. Réessayez dans {wait}.",
    "forbidden": "Votre rôle ne permet pas cette action.",
    "forbidden_origin": "Cette demande ne vient pas de la console. Rechargez la page, puis réessayez.",
    "csrf": "Cette page n’est plus à jour. Rechargez-la, puis réessayez.",
    "password_to_change": "Choisissez d’abord votre propre mot de passe.",
    "totp_to_enrol": "Activez d’abord la double authentification.",
    "passwords_off": "La connexion par mot de passe est désactivée sur ce service.",
    "password_short": "Ce mot de passe est trop court. Prenez par exemple une phrase de plusieurs mots.",
    "password_long": "Ce mot de passe est trop long.",
    "password_repeated": "Ce mot de passe ne fait que répéter quelques caractères ou suivre le clavier.",
    "password_login": "Ce mot de passe contient votre identifiant.",
    "password_common": "Ce mot de passe est trop courant\u00a0: d’autres le devineraient.",
    "password_same": "Ce mot de passe est déjà le vôtre. Choisissez-en un autre.",
    "password_elsewhere": "Ce compte n’a pas de mot de passe ici\u00a0: il est géré par votre fournisseur d’identité.",
    "login_taken": "Un compte porte déjà cet identifiant.",
    "login_invalid": "Un identifiant a de 2 à 254 caractères, sans espace.",
    "codes_invalid": "Les équipes et les compétences sont des codes courts, comme etat_civil ou en.",
    "role_invalid": "Ce rôle n’existe pas.",
    "last_administrator": "Il doit rester au moins un administrateur actif.",
    "own_account": "Votre mot de passe et votre double authentification se changent dans «\u00a0Mon "
    "compte\u00a0»\u00a0; vos droits, par un autre administrateur.",
    "totp_already": "La double authentification est déjà active.",
    "totp_not_begun": "Aucune activation n’est en cours. Recommencez depuis le début.",
    "totp_must_stay": "La double authentification est obligatoire sur ce service.",
    "unknown_user": "Ce compte n’existe pas ou plus.",
    "unknown_session": "Cette session n’existe pas ou plus.",
    "conflict": "La situation a changé entre-temps. Rechargez la page, puis réessayez.",
    "no_oidc": "La connexion par un fournisseur d’identité n’est pas configurée sur ce service.",
    "oidc_lost": "La connexion a pris trop de temps ou a été commencée dans une autre fenêtre. Recommencez.",
    "oidc_cancelled": "La connexion a été annulée ou refusée par votre fournisseur d’identité.",
    "oidc_failed": "La réponse de votre fournisseur d’identité n’a pas pu être vérifiée. Recommencez\u00a0; si cela se "
    "répète, prévenez votre administrateur.",
    "oidc_unavailable": "Votre fournisseur d’identité ne répond pas. Réessayez dans un instant.",
    "oidc_unknown": "Vous êtes bien identifié, mais vous n’avez pas encore de compte ici. Demandez-en un à votre "
    "administrateur.",
    "oidc_not_allowed": "Vous êtes bien identifié, mais votre organisation ou votre mode de connexion n’est pas "
    "accepté ici. Adressez-vous à votre administrateur.",
    "disabled": "Votre compte est désactivé. Adressez-vous à votre administrateur.",
}

OIDC_BUTTON = "Se connecter avec son compte professionnel"
PAGE_REFUSED = "Connexion impossible"
PAGE_BACK = "Revenir à la page de connexion"


def wait_in_words(seconds: float) -> str:
    """`40 secondes`, `3 minutes`: rounded up, so that who waits so long may try."""
    whole = max(1, int(-(-seconds // 1)))
    count, unit = (whole, "seconde") if whole < 60 else (-(-whole // 60), "minute")
    return f"{count}\u00a0{unit}{'s' if count > 1 else ''}"
