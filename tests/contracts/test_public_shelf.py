"""PublicShelf: where a public certificate and what became of the last try are kept."""

from pathlib import Path

import pytest

from gateway.adapters.public_chain import PublicChain
from gateway.domain.acme import Asked, LastTry
from gateway.services.ports.acme import PublicShelf
from tests.fakes import FakeClock
from tests.fakes_administration import MemoryPublicShelf


@pytest.fixture(params=["memory", "files"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> PublicShelf:
    clock = FakeClock()
    if request.param == "memory":
        return MemoryPublicShelf(clock)
    chain = PublicChain(directory=tmp_path, clock=clock)
    chain.request(["print.example"])
    return chain


def test_an_empty_one_has_nothing(shelf: PublicShelf) -> None:
    assert (shelf.kept(), shelf.last()) == (None, None)


def test_the_last_try_is_kept_until_the_next(shelf: PublicShelf) -> None:
    asked = Asked(directory="https://acme.example", names=("a.example", "b.example"))
    for failures in (1, 2):
        last = LastTry(asked=asked, at=1.5, failures=failures, text="Nein, weil ü.", mend="Do.", patience=7.0)
        shelf.note(last)
        assert shelf.last() == last
