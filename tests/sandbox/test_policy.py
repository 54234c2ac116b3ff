"""The command line of the jail: every option that a measurement asked for stands in it."""

import pytest

from sandbox import seccomp
from sandbox.policy import Code, Identity, Jail, cpu_seconds, jail_argv, wall_seconds, worker_command
from sandbox.settings import Limits

_CODE = Code(python="/usr/bin/python3.11", binds=(("/run/x", "/app"), ("/srv/pikepdf", "/packages/pikepdf")))


def _jail(uid: int | None) -> Jail:
    return Jail(code=_CODE, identity=Identity(marker="mark", uid=uid), seccomp_fd=7, info_fd=8)


def _after(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1]


def test_as_root_the_user_is_dropped_before_anything_else() -> None:
    argv = jail_argv(_jail(60601), ["run"])
    assert argv[:2] == ["/usr/bin/setpriv", "--reuid"]
    assert _after(argv, "--reuid") == _after(argv, "--regid") == "60601"
    assert "--clear-groups" in argv
    assert argv.index("/usr/bin/setpriv") < argv.index("/usr/bin/prlimit") < argv.index("/usr/bin/bwrap")
    assert "--nproc=64" in argv


def test_as_a_plain_user_nothing_is_dropped_and_processes_are_limited_inside() -> None:
    argv = jail_argv(_jail(None), ["run"])
    assert argv[0] == "/usr/bin/prlimit"
    assert not any(item.startswith("--nproc") for item in argv)


@pytest.mark.parametrize(
    "option",
    [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--as-pid-1",
        "--clearenv",
    ],
)
def test_the_options_without_a_value(option: str) -> None:
    assert option in jail_argv(_jail(None), ["run"])


def test_the_options_with_a_value() -> None:
    argv = jail_argv(_jail(None), ["run", "it"])
    assert _after(argv, "--cap-drop") == "ALL"
    assert _after(argv, "--seccomp") == "7"
    assert _after(argv, "--info-fd") == "8"
    assert _after(argv, "--uid") == _after(argv, "--gid") == "65534"
    assert _after(argv, "--remount-ro") == "/"
    assert argv[-3:] == ["--", "run", "it"]


def test_nothing_of_the_host_can_be_written() -> None:
    argv = jail_argv(_jail(60601), ["run"])
    assert not {"--bind", "--dev-bind", "--bind-try", "--share-net", "--dev-bind-try"} & set(argv)
    sizes = [argv[index + 1] for index, item in enumerate(argv) if item == "--size"]
    assert sizes == ["8388608", str(Limits().tmp_bytes)]
    assert argv.count("--tmpfs") == len(sizes)


def test_code_and_libraries_are_bound_read_only() -> None:
    argv = jail_argv(_jail(None), ["run"])
    for source, target in _CODE.binds:
        index = argv.index(source)
        assert argv[index - 1 : index + 2] == ["--ro-bind", source, target]


def test_the_worker_starts_isolated_and_carries_its_marker() -> None:
    command = worker_command(_jail(None))
    assert command[:4] == ["/usr/bin/python3.11", "-I", "-S", "-B"]
    assert command[-1] == "mark"


def test_the_watchdog_grows_with_the_pages_up_to_the_limit() -> None:
    limits = Limits(wall_seconds=60, page_seconds=2, max_pages=100)
    assert [wall_seconds(limits, pages) for pages in (0, 10, 100, 10**9, -5)] == [60, 80, 260, 260, 60]
    assert cpu_seconds(limits) == 270


def test_the_filter_denies_about_seventy_calls_and_is_a_bpf_program() -> None:
    assert len(set(seccomp.DENIED)) == len(seccomp.DENIED) >= 70
    program = seccomp.program()
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096
