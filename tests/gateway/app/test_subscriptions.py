"""Event subscriptions over two lives of a gateway on its own database."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app import build
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.services.subscriptions import Wish
from gateway.settings import Settings
from tests.builders import a_user

HERE = "192.0.2.10"


async def test_a_subscription_is_there_after_a_restart_with_the_rights_of_now(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    stranger = Actor(claimed="phone", address=HERE)
    async with build(settings) as gateway:
        await gateway.printers.add_printer("find-me")
        users = gateway.database.users
        olga = await users.save_user(a_user("olga", role=Role.OPERATOR))
        bob = await users.save_user(a_user("bob", role=Role.OPERATOR))
        notifications = gateway.notifications
        actors = [Actor(user=name, role=Role.OPERATOR, address=HERE, via="ipp") for name in ("olga", "bob")]
        wish = Wish(events=("job-state-changed",), lease=600, user_data=b"me")
        made = [await notifications.subscribe(printer="find-me", wish=wish, actor=each) for each in (*actors, stranger)]
        await users.save_user(replace(olga, role=Role.USER))
        await users.save_user(replace(bob, disabled=True))
    async with build(settings) as gateway:
        hers = await gateway.notifications.get(made[0].id, Actor(user="olga"))
        assert (hers.actor.role, hers.actor.address, hers.wish.user_data) == (Role.USER, HERE, b"me")
        with pytest.raises(NotFound):
            await gateway.notifications.get(made[1].id, Actor(user="bob"))
        assert await gateway.notifications.get(made[2].id, stranger)


async def test_a_person_is_told_of_theirs_and_they_go_with_the_account(tmp_path: Path) -> None:
    async with build(Settings(data=tmp_path)) as gateway:
        await gateway.printers.add_printer("find-me")
        olga, data = await gateway.database.users.save_user(a_user("Olga")), gateway.database.personal_data
        for name in ("olga", "bob"):
            actor = Actor(user=name, address=HERE)
            await gateway.notifications.subscribe(printer="find-me", wish=Wish(user_data=b"\xff"), actor=actor)
        (told,), _ = await data.page("event-subscriptions", olga, after=0, limit=9)
        assert (told["user"], told["events"], told["address"]) == ("olga", ["job-completed"], HERE)
        assert "user_data" not in told
        await data.erase(olga, pseudonym="erased-1", keep_name=False)
        assert [row.user for row in await gateway.database.subscriptions.subscriptions()] == ["bob"]
