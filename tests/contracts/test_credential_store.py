"""CredentialStore and PendingStore: found by what they are found by, unique where they must be, and used once."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from gateway.domain.credential import AppPassword, LinkedIdentity, Passkey, PendingKind, PendingSignIn, Purpose
from gateway.domain.user import User
from gateway.errors import Conflict
from tests.builders import NOW, a_user
from tests.databases import Stores


@pytest.fixture
async def alice(stores: Stores) -> User:
    return await stores.users.save_user(a_user("Alice", uuid=uuid4(), email="Alice@Example.org", pin_lookup=None))


@pytest.fixture
async def bob(stores: Stores) -> User:
    return await stores.users.save_user(a_user("Bob", uuid=uuid4(), email="bob@example.org", pin_lookup=None))


def an_identity(user: UUID, *, subject: str = "248289761001") -> LinkedIdentity:
    return LinkedIdentity(
        id=uuid4(), user=user, issuer="https://login.example", subject=subject, provider="corp", created_at=NOW
    )


def a_passkey(user: UUID, *, credential: bytes = b"\x00\xff key", sign_count: int = 0) -> Passkey:
    return Passkey(
        id=uuid4(),
        user=user,
        credential=credential,
        public_key=b"\xa5\x01\x02",
        sign_count=sign_count,
        rp_id="print.example",
        name="Phone",
        created_at=NOW,
    )


async def test_users_are_found_by_uuid_and_by_an_address_that_is_theirs_alone(stores: Stores, alice: User) -> None:
    assert await stores.users.user_by_uuid(alice.uuid) == alice
    assert await stores.users.user_by_uuid(uuid4()) is None
    assert await stores.users.user_by_email(" alice@example.ORG ") == alice
    for nobody in ("", " ", "lice@example.org", "alice@example.org\n@x"):
        assert await stores.users.user_by_email(nobody) is None
    await stores.users.save_user(a_user("Second", uuid=uuid4(), email="alice@example.org", pin_lookup=None))
    assert await stores.users.user_by_email("alice@example.org") is None


async def test_an_identity_is_found_by_issuer_and_subject_exactly(stores: Stores, alice: User, bob: User) -> None:
    mine = an_identity(alice.uuid)
    await stores.credentials.add_identity(mine)
    assert await stores.credentials.identity(mine.issuer, mine.subject) == mine
    assert await stores.credentials.identity(mine.issuer, mine.subject + " ") is None
    assert await stores.credentials.identity("https://evil.example", mine.subject) is None
    with pytest.raises(Conflict):
        await stores.credentials.add_identity(an_identity(bob.uuid))
    await stores.credentials.identity_used(mine.id, at=NOW + 5)
    second = replace(an_identity(alice.uuid, subject="2"), created_at=NOW + 1)
    await stores.credentials.add_identity(second)
    assert await stores.credentials.identities_of(alice.uuid) == [replace(mine, used_at=NOW + 5), second]
    assert not await stores.credentials.remove_identity(mine.id, user=bob.uuid)
    assert await stores.credentials.remove_identity(mine.id, user=alice.uuid)
    assert not await stores.credentials.remove_identity(mine.id, user=alice.uuid)
    assert await stores.credentials.identities_of(alice.uuid) == [second]


async def test_a_passkey_keeps_its_octets_its_name_and_its_owner(stores: Stores, alice: User, bob: User) -> None:
    mine = a_passkey(alice.uuid)
    await stores.credentials.add_passkey(mine)
    assert await stores.credentials.passkey(mine.credential) == mine
    assert await stores.credentials.passkey(b"other") is None
    with pytest.raises(Conflict):
        await stores.credentials.add_passkey(a_passkey(bob.uuid))
    assert not await stores.credentials.rename_passkey(mine.id, user=bob.uuid, name="Mine now")
    assert await stores.credentials.rename_passkey(mine.id, user=alice.uuid, name="Büro")
    assert [row.name for row in await stores.credentials.passkeys_of(alice.uuid)] == ["Büro"]
    assert not await stores.credentials.remove_passkey(mine.id, user=bob.uuid)
    assert await stores.credentials.remove_passkey(mine.id, user=alice.uuid)
    assert await stores.credentials.passkey(mine.credential) is None


@pytest.mark.parametrize(
    ("stored", "given", "goes"),
    [(0, 0, True), (0, 7, True), (7, 8, True), (7, 7, False), (7, 6, False), (7, 0, False), (1, 2**32 - 1, True)],
)
async def test_a_counter_only_grows_or_stays_nothing(
    stores: Stores, alice: User, stored: int, given: int, goes: bool
) -> None:
    mine = a_passkey(alice.uuid, sign_count=stored)
    await stores.credentials.add_passkey(mine)
    assert await stores.credentials.passkey_used(mine.id, sign_count=given, at=NOW + 9) is goes
    after = replace(mine, sign_count=given, used_at=NOW + 9) if goes else mine
    assert await stores.credentials.passkey(mine.credential) == after


async def test_of_two_uses_of_one_count_one_holds(stores: Stores, alice: User) -> None:
    mine = a_passkey(alice.uuid, sign_count=1)
    await stores.credentials.add_passkey(mine)
    both = [stores.credentials.passkey_used(mine.id, sign_count=2, at=NOW) for _ in range(2)]
    assert sorted(await asyncio.gather(*both)) == [False, True]


async def test_app_passwords(stores: Stores, alice: User, bob: User) -> None:
    mine = AppPassword(id=uuid4(), user=alice.uuid, name="Laptop", lookup="ab" * 32, created_at=NOW)
    await stores.credentials.add_app_password(mine)
    assert await stores.credentials.app_password(mine.lookup) == mine
    assert await stores.credentials.app_password("cd" * 32) is None
    await stores.credentials.app_password_used(mine.id, at=NOW + 1)
    assert await stores.credentials.app_passwords_of(alice.uuid) == [replace(mine, used_at=NOW + 1)]
    assert await stores.credentials.app_passwords_of(bob.uuid) == []
    assert not await stores.credentials.remove_app_password(mine.id, user=bob.uuid)
    assert await stores.credentials.remove_app_password(mine.id, user=alice.uuid)
    assert await stores.credentials.app_password(mine.lookup) is None


PENDING = PendingSignIn(
    id_hash="a" * 64,
    kind=PendingKind.OIDC,
    browser="b" * 64,
    expires_at=NOW + 600,
    purpose=Purpose.LINK,
    user=UUID(int=7),
    next="/jobs/7",
    stay=True,
    values={"verifier": "größe", "nonce": "n"},
)


async def test_a_pending_sign_in_is_taken_once_and_by_its_kind_only(stores: Stores) -> None:
    await stores.pending.add(PENDING)
    assert await stores.pending.look(PendingKind.OIDC, PENDING.id_hash) == PENDING
    assert await stores.pending.look(PendingKind.MAIL_LINK, PENDING.id_hash) is None
    assert await stores.pending.take(PendingKind.MAIL_LINK, PENDING.id_hash) is None
    taken = await asyncio.gather(*(stores.pending.take(PendingKind.OIDC, PENDING.id_hash) for _ in range(5)))
    assert [row for row in taken if row is not None] == [PENDING]
    assert await stores.pending.look(PendingKind.OIDC, PENDING.id_hash) is None


async def test_pending_sign_ins_are_purged_when_they_expired(stores: Stores) -> None:
    late = replace(PENDING, id_hash="c" * 64, expires_at=NOW + 601, user=None, purpose=Purpose.SIGN_IN, stay=False)
    await stores.pending.add(PENDING)
    await stores.pending.add(late)
    assert await stores.pending.purge(NOW + 599) == 0
    assert await stores.pending.purge(NOW + 600) == 1
    assert await stores.pending.look(PendingKind.OIDC, late.id_hash) == late
