"""Text of senders who never say in which character set it is."""

LONGEST = 255  # characters of a name; what is longer is cut


def text_of(octets: bytes) -> str:
    """As UTF-8, else as Latin-1, which takes anything; one printable line."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    return "".join(sign for sign in text if sign.isprintable()).strip()[:LONGEST]
