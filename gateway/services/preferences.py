"""What people chose for themselves: language, device, whether all jobs are ticked, and what they are told."""

from dataclasses import replace

from gateway.domain.personal import NoticeKind, Preferences
from gateway.domain.user import User
from gateway.errors import BadRequest
from gateway.i18n import LANGUAGES
from gateway.services.ports import PersonalStore
from gateway.services.printers import Printers

_NOBODYS = Preferences()


class PreferenceBook:
    def __init__(self, *, store: PersonalStore, printers: Printers) -> None:
        self._store = store
        self._printers = printers

    async def of(self, user: User) -> Preferences:
        """Never fails for somebody who has chosen nothing; a device that is gone is as none.

        Who chose no language is spoken to in the one that the directory names.
        """
        kept = await self._store.preferences(user.uuid) or _NOBODYS
        if not kept.language and user.language in LANGUAGES:
            kept = replace(kept, language=user.language)
        known = {device.name for device in self._printers.devices()}
        return kept if kept.device in known | {""} else _without_device(kept)

    async def save(self, user: User, chosen: Preferences) -> Preferences:
        """BadRequest for a language or a device that is none."""
        if chosen.language and chosen.language not in LANGUAGES:
            raise BadRequest("This language is not spoken here.")
        if chosen.device and chosen.device not in {device.name for device in self._printers.devices()}:
            raise BadRequest("There is no such output device. Choose another one.")
        await self._store.save_preferences(user.uuid, chosen)
        return chosen


def _without_device(kept: Preferences) -> Preferences:
    return replace(kept, device="")


def wanted_kinds(chosen: frozenset[str]) -> frozenset[NoticeKind]:
    """The kinds among the names of a form; others are passed over."""
    return frozenset(kind for kind in NoticeKind if kind.value in chosen)
