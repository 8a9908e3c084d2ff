"""What is done to a text before it is compared: two forms of the same words, for the two halves of the model.

The sentence encoder gets `spoken_form`: the words as they stand, in one line. The lexical features get
`folded_form`: no accents, no case, no punctuation, because people who type and recognisers that listen
disagree on exactly those.
"""

from __future__ import annotations

import re
import unicodedata

from bot.nlu.french import written_out

# The encoder reads 512 tokens; a question is over long before that, and time grows with length.
LONGEST_TEXT = 600


def spoken_form(text: str) -> str:
    """The text in one line, in composed Unicode, hurried abbreviations written out, at most `LONGEST_TEXT` characters;
    may be empty. Words all in capitals, which the encoder reads badly, become small; one alone may be an acronym."""
    line = " ".join(unicodedata.normalize("NFC", text).replace("’", "'").split())
    if line.isupper() and " " in line:
        line = line.lower()
    return written_out(line[:LONGEST_TEXT])[:LONGEST_TEXT].strip()


def folded_form(text: str) -> str:
    """Lower-case a-z, 0-9 and single spaces only: "Où ça ?" gives "ou ca"."""
    unlinked = text.lower().replace("œ", "oe").replace("æ", "ae")
    plain = "".join(c for c in unicodedata.normalize("NFKD", unlinked) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()
