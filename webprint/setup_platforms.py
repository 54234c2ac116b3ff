"""Which system a visitor sits at, by what its browser says of itself: a guess, and every other is one tap away."""

from enum import Enum


class Platform(Enum):
    """The key in addresses, and the name that people know."""

    IOS = ("ios", "iPhone, iPad")
    ANDROID = ("android", "Android")
    WINDOWS = ("windows", "Windows")
    MACOS = ("macos", "Mac")
    CHROMEOS = ("chromeos", "ChromeOS")
    LINUX = ("linux", "Linux")

    def __init__(self, key: str, label: str) -> None:
        self.key = key
        self.label = label

    @property
    def is_phone(self) -> bool:
        return self in {Platform.IOS, Platform.ANDROID}


# Before others whose sign they bear, too: ChromeOS and Android say Linux, phones of Apple say Mac OS X.
_SIGNS = (
    ("iPhone", Platform.IOS),
    ("iPad", Platform.IOS),
    ("iPod", Platform.IOS),
    ("CrOS", Platform.CHROMEOS),
    ("Android", Platform.ANDROID),
    ("Windows", Platform.WINDOWS),
    ("Mac OS X", Platform.MACOS),
    ("Macintosh", Platform.MACOS),
)


def platform_of(agent: str, chosen: str = "") -> Platform:
    """`chosen` is a key that was asked for; what is unknown is taken for Linux, whose page has addresses to copy."""
    found = next((platform for platform in Platform if platform.key == chosen), None)
    return found or next((platform for sign, platform in _SIGNS if sign in agent[:400]), Platform.LINUX)
