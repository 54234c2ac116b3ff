"""What a new password must be (row 105): long enough, of several kinds of characters, and none that everybody tries first.

Length does more than any rule of characters, so that it is the only thing that is asked for unless the house asks for
more. A list of a million leaked passwords is not carried along: most of them are one of a few hundred words or a run on
the keyboard, dressed up with digits, and are recognised by that. Who has a list names its file.
"""

import re
import unicodedata
from collections.abc import Iterable

from gateway.domain.user import User
from gateway.errors import BadRequest
from gateway.services.ports import LeakedPasswords
from gateway.services.proofs import check_password
from gateway.settings import Passwords as PasswordSettings

SHORTEST_PART = 4  # of a name: shorter ones occur by chance
RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
)
WORDS = frozenset(
    [
        "password",
        "passwort",
        "passwd",
        "pass",
        "motdepasse",
        "mdp",
        "kennwort",
        "geheim",
        "secret",
        "letmein",
        "welcome",
        "willkommen",
        "bienvenue",
        "hello",
        "hallo",
        "bonjour",
        "admin",
        "administrator",
        "administrateur",
        "root",
        "user",
        "benutzer",
        "guest",
        "gast",
        "test",
        "testing",
        "changeme",
        "default",
        "master",
        "login",
        "access",
        "zugang",
        "iloveyou",
        "love",
        "liebe",
        "amour",
        "monkey",
        "dragon",
        "shadow",
        "sunshine",
        "princess",
        "football",
        "fussball",
        "baseball",
        "soccer",
        "hockey",
        "superman",
        "batman",
        "starwars",
        "pokemon",
        "computer",
        "internet",
        "google",
        "facebook",
        "office",
        "microsoft",
        "windows",
        "summer",
        "sommer",
        "winter",
        "spring",
        "fruehling",
        "herbst",
        "autumn",
        "printemps",
        "hiver",
        "januar",
        "january",
        "february",
        "februar",
        "march",
        "april",
        "june",
        "juni",
        "july",
        "juli",
        "august",
        "september",
        "october",
        "oktober",
        "november",
        "december",
        "dezember",
        "monday",
        "montag",
        "friday",
        "freitag",
        "sunday",
        "sonntag",
        "schule",
        "school",
        "lehrer",
        "teacher",
        "student",
        "company",
        "firma",
        "drucker",
        "printer",
        "imprimante",
        "druck",
        "print",
        "printing",
        "papertap",
        "paper",
        "papier",
        "michael",
        "thomas",
        "daniel",
        "andreas",
        "jennifer",
        "jessica",
        "charlie",
        "ginger",
        "pepper",
        "cookie",
        "cheese",
        "chocolate",
        "flower",
        "orange",
        "banana",
        "freedom",
        "whatever",
        "trustno",
        "trustnoone",
        "qazwsx",
        "zaqxsw",
        "abc",
        "abcabc",
        "asdf",
        "hunter",
        "ranger",
        "killer",
        "soleil",
        "loulou",
        "doudou",
    ]
)
_DRESSED = str.maketrans("013457@$!|", "oieastasii")


class NothingLeaked:
    """gateway.services.ports.LeakedPasswords of a house without a list."""

    async def holds(self, _password: str) -> bool:
        return False


async def check_new_password(password: str, user: User, settings: PasswordSettings, leaked: LeakedPasswords) -> str:
    """The password in the form that is hashed; BadRequest says which rule it breaks, and never what it is."""
    checked = check_password(password)
    if len(checked) < settings.shortest:
        raise BadRequest(f"A password has at least {settings.shortest} characters here. A few words in a row are easy.")
    if kinds(checked) < settings.kinds:
        raise BadRequest(
            f"A password has {settings.kinds} kinds of characters here: small and capital letters, digits, signs."
        )
    if _names(checked, user):
        raise BadRequest("A password must not be made of the name of whose it is. Choose another one.")
    if is_common(checked) or await leaked.holds(checked):
        raise BadRequest("This password is one of those that are tried first. Choose another one.")
    return checked


def kinds(password: str) -> int:
    """How many of small letters, capital letters, digits and all others there are; a script without case counts once."""
    found = {
        "small" if c.islower() else "capital" if c.isupper() else "digit" if c.isdigit() else "other" for c in password
    }
    return len(found)


def is_common(password: str) -> bool:
    """One of the words that everybody thinks of, a run on the keyboard or one sign again and again, also dressed up."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    return any(_is_plain(stem) for stem in {plain, *_undressed(plain)})


def _undressed(plain: str) -> Iterable[str]:
    """Without digits and signs around it, with and without digits in the place of letters."""
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    letters = re.sub(r"[\W_]+", "", plain.translate(_DRESSED))
    return bare, letters, re.sub(r"[\W\d_]+", "", plain), re.sub(r"[\W_]+", "", bare.translate(_DRESSED))


def _is_plain(stem: str) -> bool:
    once = _once(stem)
    return len(once) <= 2 or once in WORDS or any(once in run or once in run[::-1] for run in RUNS)


def _once(text: str) -> str:
    """`abcabc` is `abc`: the shortest piece that the text is a repetition of."""
    for size in range(1, len(text) // 2 + 1):
        if len(text) % size == 0 and text[:size] * (len(text) // size) == text:
            return text[:size]
    return text


def _names(password: str, user: User) -> bool:
    plain = password.casefold()
    local = (user.email or "").partition("@")[0]
    words = re.split(r"[\W_]+", f"{user.full_name} {local}".casefold())
    parts = {user.name.casefold(), *words}
    left = plain
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST_PART:
            left = left.replace(part, "")
    return left != plain and len(re.sub(r"[\W\d_]+", "", left)) < SHORTEST_PART
