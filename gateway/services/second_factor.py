"""The second step of signing in (row 159): codes of an app, recovery codes, and who must have one.

A passkey is possession and presence in one: whoever signs in with it has made both steps. Where the house asks for a
second step and somebody has none, they can do nothing but set one up.
"""

import secrets
from dataclasses import replace

from gateway.domain.second_factor import ASKED, DONE, NewSecret, SecondFactor, Step
from gateway.domain.user import Actor, Session, User
from gateway.errors import BadRequest, NotAuthenticated, NotPossible
from gateway.services.audit import Audit
from gateway.services.ports import Clock, CredentialStore, Hasher, OneTimeCodes, SecondFactorStore, UserStore
from gateway.settings import Identity as IdentitySettings

CODES = 10
CODE_LENGTH = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike: 31 ** 10 is 49 bits
WRONG = "This code is not right, or was used before. Wait for the next one and type that."


class SecondFactors:
    """`issuer` is what the app on the phone shows beside the code."""

    def __init__(
        self,
        *,
        store: SecondFactorStore,
        codes: OneTimeCodes,
        users: UserStore,
        credentials: CredentialStore,
        hasher: Hasher,
        audit: Audit,
        clock: Clock,
        settings: IdentitySettings,
        issuer: str,
    ) -> None:
        self._store = store
        self._codes = codes
        self._users = users
        self._credentials = credentials
        self._hasher = hasher
        self._audit = audit
        self._clock = clock
        self._settings = settings
        self._issuer = issuer

    # -- signing in

    async def at_opening(self, user: User, method: str) -> str:
        """What `Session.second` begins with."""
        if method == "passkey":
            return DONE
        if self._by_provider(method):
            return ""
        return ASKED if await self.has_code(user) else ""

    async def step(self, session: Session, actor: Actor) -> Step:
        """What the session still needs; costs a look-up only where the house asks for what it has not shown."""
        if session.second:
            return Step.ASK if session.second == ASKED else Step.NONE
        if self._by_provider(session.method) or not self.asked_of(actor):
            return Step.NONE
        user = await self._users.user(session.user)
        return Step.ASK if user is not None and await self.has_any(user) else Step.SET_UP

    async def check(self, user: User, code: str) -> str:
        """NotAuthenticated unless it is the app's code of now or a recovery code; which of the two it was."""
        typed = "".join(code.split()).lower()
        factor = await self._store.factor(user.uuid)
        if factor is None or not factor.confirmed:
            raise NotAuthenticated(WRONG)
        if len(typed) == 6 and typed.isascii() and typed.isdigit():
            step = self._codes.step_of(factor.sealed, typed, self._clock.now())
            if step is None or not await self._store.use_step(user.uuid, step):
                raise NotAuthenticated(WRONG)
            return "code"
        if not await self._store.use_code(user.uuid, self._hashed(user, typed.replace("-", ""))):
            raise NotAuthenticated(WRONG)
        left = await self._store.codes_left(user.uuid)
        await self._audit.note(_self(user), "second-factor.recovered", f"user {user.name}", left=left)
        return "recovery"

    def asked_of(self, actor: Actor) -> bool:
        """Whether the house asks it of somebody who is what this actor is."""
        wanted = self._settings.second_factor
        return wanted == "everybody" or (wanted == "staff" and actor.is_staff)

    # -- having one

    async def has_code(self, user: User) -> bool:
        factor = await self._store.factor(user.uuid)
        return factor is not None and factor.confirmed

    async def has_any(self, user: User) -> bool:
        return await self.has_code(user) or bool(await self._credentials.passkeys_of(user.uuid))

    async def codes_left(self, user: User) -> int:
        return await self._store.codes_left(user.uuid)

    async def begin(self, user: User) -> NewSecret:
        """A secret that counts once its first code was typed; NotPossible while there is one that counts."""
        if await self.has_code(user):
            raise NotPossible("There is an app already. Remove it before you set up another one.")
        sealed, shown = self._codes.new(user.name, self._issuer)
        now = self._clock.now()
        await self._store.save_factor(SecondFactor(user=user.uuid, sealed=sealed, confirmed=False, created_at=now))
        return shown

    async def begun(self, user: User) -> NewSecret | None:
        """What was begun and is not confirmed, to be shown again."""
        factor = await self._store.factor(user.uuid)
        if factor is None or factor.confirmed:
            return None
        return self._codes.shown(factor.sealed, user.name, self._issuer)

    async def confirm(self, user: User, code: str) -> list[str]:
        """The first code of the app; the recovery codes, shown this once."""
        factor = await self._store.factor(user.uuid)
        if factor is None or factor.confirmed:
            raise NotPossible("Begin again: nothing is being set up.")
        step = self._codes.step_of(factor.sealed, "".join(code.split()), self._clock.now())
        if step is None:
            raise BadRequest("This code does not fit. See that the phone's clock is right, and type the code of now.")
        await self._store.save_factor(replace(factor, confirmed=True, last_step=step))
        codes = await self._new_codes(user)
        await self._audit.note(_self(user), "second-factor.set-up", f"user {user.name}")
        return codes

    async def renew_codes(self, user: User) -> list[str]:
        """Ten others; those before are void."""
        if not await self.has_code(user):
            raise NotPossible("Set up an app first: recovery codes stand in for it.")
        codes = await self._new_codes(user)
        await self._audit.note(_self(user), "second-factor.codes-renewed", f"user {user.name}")
        return codes

    async def remove(self, user: User) -> None:
        """By its owner."""
        if not await self._store.delete_factor(user.uuid):
            raise NotPossible("It is removed already.")
        await self._audit.note(_self(user), "second-factor.removed", f"user {user.name}")

    async def reset(self, actor: Actor, user: User) -> bool:
        """By staff, who has seen that it is them; sessions end. False when there was none."""
        gone = await self._store.delete_factor(user.uuid)
        await self._users.delete_sessions_of(user.name)
        if gone:
            await self._audit.note(actor, "second-factor.reset", f"user {user.name}")
        return gone

    # -- within

    def _by_provider(self, method: str) -> bool:
        return method.startswith("oidc:") and not self._settings.second_factor_after_provider

    async def _new_codes(self, user: User) -> list[str]:
        codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
        await self._store.keep_codes(user.uuid, [self._hashed(user, code) for code in codes])
        half = CODE_LENGTH // 2
        return [f"{code[:half]}-{code[half:]}" for code in codes]

    def _hashed(self, user: User, code: str) -> str:
        return self._hasher.lookup("recovery", f"{user.uuid} {code}")


def _self(user: User) -> Actor:
    return Actor(user=user.name, via="account")
