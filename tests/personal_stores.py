"""All stores of what is kept about people, three times: in memory, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.adapters.db import open_database
from gateway.services.ports import (
    AccessLogStore,
    AttemptStore,
    CreditStore,
    JobStore,
    MailStore,
    NoticeStore,
    PersonalData,
    PersonalStore,
    UserStore,
)
from tests.fakes import MemoryAttemptStore, MemoryJobStore, MemoryUserStore
from tests.fakes_mail import MemoryMailStore
from tests.fakes_personal import MemoryAccessLog, MemoryNoticeStore, MemoryPersonalData, MemoryPersonalStore


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonalStores:
    jobs: JobStore
    users: UserStore
    attempts: AttemptStore
    personal: PersonalStore
    notices: NoticeStore
    access_log: AccessLogStore
    mails: MailStore
    credit: CreditStore
    data: PersonalData


def in_memory() -> PersonalStores:
    jobs, users, attempts = MemoryJobStore(), MemoryUserStore(), MemoryAttemptStore()
    personal, notices, access_log = MemoryPersonalStore(), MemoryNoticeStore(), MemoryAccessLog()
    mails = MemoryMailStore()
    data = MemoryPersonalData(
        jobs=jobs,
        users=users,
        attempts=attempts,
        personal=personal,
        notices=notices,
        access_log=access_log,
        mails=mails,
    )
    return PersonalStores(
        jobs=jobs,
        users=users,
        attempts=attempts,
        personal=personal,
        notices=notices,
        access_log=access_log,
        mails=mails,
        credit=jobs.credit,
        data=data,
    )


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def personal_stores(request: pytest.FixtureRequest) -> AsyncIterator[PersonalStores]:
    if request.param == "memory":
        yield in_memory()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield PersonalStores(
        jobs=opened.jobs,
        users=opened.users,
        attempts=opened.attempts,
        personal=opened.personal,
        notices=opened.notices,
        access_log=opened.access_log,
        mails=opened.mails,
        credit=opened.credit,
        data=opened.personal_data,
    )
    await opened.close()
