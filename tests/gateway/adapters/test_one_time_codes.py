"""Codes of RFC 6238: the drift that is forgiven, and a secret that only the right key opens."""

import pyotp
import pytest

from gateway.adapters.keyring import FileKeyring
from gateway.adapters.one_time_codes import SECONDS, Totp
from gateway.errors import Locked
from tests.fake_spool import FakeKeyring

AT = 1_800_000_015.0


def test_codes_of_the_step_before_and_after_count_and_no_others() -> None:
    totp = Totp(FakeKeyring())
    sealed, shown = totp.new("alice", "Papertap")
    app, now = pyotp.TOTP(shown.text.replace(" ", "")), int(AT) // SECONDS
    steps = {drift: totp.step_of(sealed, app.at(int(AT) + drift * SECONDS), AT) for drift in range(-3, 4)}
    assert steps == {-3: None, -2: None, -1: now - 1, 0: now, 1: now + 1, 2: None, 3: None}
    assert totp.step_of(sealed, "000000" if app.at(int(AT)) != "000000" else "000001", AT) is None


def test_the_uri_names_the_house_and_the_account() -> None:
    totp = Totp(FakeKeyring())
    sealed, shown = totp.new("alice", "Town library")
    assert shown.uri.startswith("otpauth://totp/Town%20library:alice?secret=")
    assert totp.shown(sealed, "alice", "Town library") == shown


def test_the_secret_is_in_nothing_that_is_kept(tmp_path: object) -> None:
    totp = Totp(FileKeyring(tmp_path, create_if_new=True))  # type: ignore[arg-type]  # reason: a path
    sealed, shown = totp.new("alice", "Papertap")
    assert shown.text.replace(" ", "").encode() not in sealed
    assert totp.shown(sealed, "alice", "Papertap") == shown
    other = Totp(FileKeyring(tmp_path / "other", create_if_new=True))  # type: ignore[operator]  # reason: a path
    with pytest.raises(Locked):
        other.step_of(sealed, "123456", AT)
