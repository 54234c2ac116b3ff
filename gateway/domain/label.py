"""Two words by which a job without an owner is told from others, and nothing of its document (row 165).

Short words that are written alike, or nearly so, in the languages of the pages.
"""

from hashlib import sha256

WORDS = (
    *("Alfa", "Alpaka", "Atlas", "Ballon", "Banjo", "Bambus", "Basilikum", "Bravo"),
    *("Cello", "Delta", "Diamant", "Domino", "Echo", "Flamingo", "Galaxis", "Golf"),
    *("Gorilla", "Harmonika", "Hotel", "Iglu", "Jaguar", "Kaktus", "Kamera", "Karamell"),
    *("Kiwi", "Koala", "Komet", "Lama", "Laterne", "Lima", "Magnet", "Mango"),
    *("Marmor", "Melone", "Mosaik", "Nova", "Oase", "Olive", "Orion", "Oscar"),
    *("Panda", "Papaya", "Pelikan", "Piano", "Pinguin", "Pirat", "Pizza", "Planet"),
    *("Polka", "Radio", "Robot", "Rubin", "Safari", "Salsa", "Samba", "Saturn"),
    *("Sofa", "Tango", "Taxi", "Tiger", "Tulpe", "Vanille", "Violine", "Zebra"),
)


def label_of(digest: str) -> str:
    """Two different words out of a keyed hash, hexadecimal."""
    number = int(digest[:12], 16)
    first = number % len(WORDS)
    second = (first + 1 + number // len(WORDS) % (len(WORDS) - 1)) % len(WORDS)
    return f"{WORDS[first]} {WORDS[second]}"


def choices_of(digest: str, count: int) -> tuple[str, ...]:
    """The label and others beside it, in the order of the alphabet; the same for the same digest."""
    found, turn = [label_of(digest)], 0
    while len(found) < count:
        other = label_of(sha256(f"{digest}/{turn}".encode()).hexdigest())
        turn += 1
        if other not in found:
            found.append(other)
    return tuple(sorted(found))
