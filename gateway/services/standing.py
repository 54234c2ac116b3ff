"""What a user is by groups and given roles, remembered: it is asked with every request, and changes once a week.

It is good as long as the user's row has its version and the mark of the rights stands: one cheap look-up a request, and
what another process changed, as the command line does, counts with the next request.
"""

from collections import OrderedDict
from uuid import UUID

from gateway.domain.rights import Standing
from gateway.domain.user import User
from gateway.services.ports import RoleStore

REMEMBERED = 10_000


class Standings:
    def __init__(self, *, store: RoleStore) -> None:
        self._store = store
        self._mark: int | None = None
        self._kept: OrderedDict[UUID, tuple[int, Standing]] = OrderedDict()

    async def of(self, user: User) -> Standing:
        mark = await self._store.mark()
        if mark != self._mark:
            self._mark = mark
            self._kept.clear()
        known = self._kept.get(user.uuid)
        if known is not None and known[0] == user.version:
            return known[1]
        found = await self._store.standing(user.name, user.groups)
        if mark == self._mark:  # else it was read at another time than those that are kept
            self._kept[user.uuid] = (user.version, found)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return found
