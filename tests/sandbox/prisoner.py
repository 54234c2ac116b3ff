"""Run inside a jail by the tests: tries to get out, and prints one line of JSON with what happened to each attempt.

It stands alone: nothing of the project is reachable from where it runs. `denied` or what was reached.
"""

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x00020000
# Numbers of x86-64; the test skips none of them, it asserts that this is what the machine is or uses libc names.
NUMBERS = {
    "io_uring_setup": 425,
    "bpf": 321,
    "perf_event_open": 298,
    "userfaultfd": 323,
    "keyctl": 250,
    "add_key": 248,
    "process_vm_readv": 310,
    "open_by_handle_at": 304,
    "clone3": 435,
    "memfd_secret": 447,
    "pidfd_getfd": 438,
    "kexec_load": 246,
    "init_module": 175,
    "move_mount": 429,
    "fsopen": 430,
    "open_tree": 428,
}


def call(result: int) -> str:
    """What a libc function answered."""
    return "reached" if result >= 0 else f"denied {ctypes.get_errno()}"


def by_number(name: str, *arguments: int) -> str:
    padded = [ctypes.c_long(value) for value in (*arguments, *[0] * (5 - len(arguments)))]
    return call(libc.syscall(ctypes.c_long(NUMBERS[name]), *padded))


def attempt(action: Callable[[], object]) -> str:
    try:
        found = action()
    except (OSError, MemoryError, ValueError) as error:
        return f"denied {getattr(error, 'errno', None) or type(error).__name__}"
    return found if isinstance(found, str) else "reached"


def clone_new_user() -> str:
    """fork() by clone with a new user namespace; a child that comes to be ends at once."""
    pid = libc.syscall(ctypes.c_long(56), ctypes.c_long(CLONE_NEWUSER | signal.SIGCHLD), None, None, None, None)
    if pid == 0:
        os._exit(0)
    return call(pid)


def fork_bomb() -> str:
    children = []
    try:
        for _ in range(500):
            pid = os.fork()
            if pid == 0:
                signal.pause()
            children.append(pid)
    except OSError:
        pass
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return f"{'denied' if len(children) < 64 else 'reached'} after {len(children)}"


def memory() -> str:
    held: list[mmap.mmap] = []
    while len(held) < 64:
        try:
            held = [*held, mmap.mmap(-1, 128 * 1024 * 1024)]
        except (OSError, MemoryError):
            return f"denied after {len(held)}"
    return "reached"


def fill(path: str) -> str:
    written = 0
    try:
        with Path(path).open("wb", buffering=0) as file:
            for _ in range(4096):
                written += file.write(bytes(1024 * 1024))
    except OSError as error:
        return f"denied {error.errno} after {written // 1024 // 1024}"
    finally:
        Path(path).unlink(missing_ok=True)
    return "reached"


def write(path: str) -> object:
    return Path(path).write_text("x")


def other_processes() -> str:
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return "denied" if found == [os.getpid()] == [1] else f"reached {found}"


def host_files() -> str:
    paths = (
        "/root",
        "/home",
        "/work",
        "/etc/passwd",
        "/etc/shadow",
        "/var/lib/dpkg",
        "/run",
        "/sys/class",
        "/boot",
        "/srv",
        "/dev/vda",
        "/dev/mem",
        "/dev/kmsg",
        "/dev/fuse",
    )
    found = [path for path in paths if Path(path).exists()]
    return f"reached {found}" if found else "denied"


def secrets() -> str:
    leaked = set(os.environ) - {"HOME", "PATH", "LC_ALL", "TMPDIR", "PWD", "LC_CTYPE"}
    return f"reached {leaked}" if leaked else "denied"


def descriptors() -> str:
    found = {int(path.name) for path in Path("/proc/self/fd").iterdir()} - {0, 1, 2}
    alive = [fd for fd in found if _open(fd)]
    return f"reached {alive}" if alive else "denied"


def _open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def setuid_program() -> str:
    """A set-user-id program of the host gives nothing: the effective id stays."""
    done = subprocess.run(["/usr/bin/su", "-c", "id"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return "reached" if b"uid=0" in done.stdout else "denied"


def capabilities() -> str:
    with Path("/proc/self/status").open() as file:
        lines = dict(line.split(":\t") for line in file if ":\t" in line)
    held = {key: lines[key].strip() for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    privileged = lines["NoNewPrivs"].strip() != "1" or lines["Seccomp"].strip() != "2"
    return f"reached {held}" if privileged or any(int(value, 16) for value in held.values()) else "denied"


def buffer() -> int:
    return ctypes.addressof(ctypes.create_string_buffer(256))


ATTEMPTS: dict[str, Callable[[], object]] = {
    # First, before the attempts open some of their own.
    "descriptors": descriptors,
    "socket inet": lambda: socket.socket(socket.AF_INET),
    "socket inet6": lambda: socket.socket(socket.AF_INET6),
    "socket netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "socket packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "socket vsock": lambda: socket.socket(socket.AF_VSOCK),
    "socket alg": lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
    "unshare user": lambda: call(libc.unshare(CLONE_NEWUSER)),
    "unshare mount": lambda: call(libc.unshare(CLONE_NEWNS)),
    "setns": lambda: call(libc.setns(os.open("/proc/self/ns/net", os.O_RDONLY), 0)),
    "clone new user": clone_new_user,
    "clone3": lambda: by_number("clone3", buffer(), 88),
    "mount": lambda: call(libc.mount(b"x", b"/tmp", b"tmpfs", 0, None)),
    "umount": lambda: call(libc.umount2(b"/proc", 2)),
    "new mount calls": lambda: by_number("fsopen", buffer(), 0),
    "open tree": lambda: by_number("open_tree", -100 & 0xFFFFFFFF, buffer(), 0),
    "pivot_root": lambda: call(libc.pivot_root(b"/tmp", b"/tmp")),
    "chroot": lambda: os.chroot("/tmp"),
    "ptrace": lambda: call(libc.ptrace(16, 1, None, None)),
    "process_vm_readv": lambda: by_number("process_vm_readv", 1, buffer(), 1, buffer(), 1),
    "pidfd_getfd": lambda: by_number("pidfd_getfd", 0, 0, 0),
    "keyctl": lambda: by_number("keyctl", 0, 0, 0),
    "add_key": lambda: by_number("add_key", buffer(), buffer(), 0, 0),
    "bpf": lambda: by_number("bpf", 0, buffer(), 64),
    "perf_event_open": lambda: by_number("perf_event_open", buffer(), 0, 0),
    "userfaultfd": lambda: by_number("userfaultfd", 0),
    "io_uring": lambda: by_number("io_uring_setup", 8, buffer()),
    "open_by_handle_at": lambda: by_number("open_by_handle_at", 0, buffer(), 0),
    "memfd_secret": lambda: by_number("memfd_secret", 0),
    "init_module": lambda: by_number("init_module", buffer(), 0, buffer()),
    "kexec_load": lambda: by_number("kexec_load", 0, 0, 0),
    "TIOCSTI": lambda: call(libc.ioctl(0, 0x5412, b"x")),
    "TIOCSTI with high bits": lambda: call(libc.ioctl(0, ctypes.c_ulong(0x1_0000_5412), b"x")),
    "setuid": lambda: os.setuid(0),
    "setgroups": lambda: os.setgroups([0]),
    "sethostname": lambda: socket.sethostname("x"),
    "mknod": lambda: os.mknod("/tmp/device", 0o600 | 0o020000, os.makedev(1, 1)),
    "personality": lambda: call(libc.personality(0x0040000)),
    "reboot": lambda: call(libc.reboot(0)),
    "raise limits": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
    "priority": lambda: call(libc.setpriority(0, 0, -10)),
    "write /": lambda: write("/evil"),
    "write /usr": lambda: write("/usr/evil"),
    "write /app": lambda: write("/app/evil"),
    "write /packages": lambda: write("/packages/evil"),
    "write /etc": lambda: write("/etc/evil"),
    "write /proc/sys": lambda: write("/proc/sys/kernel/core_pattern"),
    "write sysrq": lambda: write("/proc/sysrq-trigger"),
    "namespaces again": lambda: write("/proc/sys/user/max_user_namespaces"),
    "host files": host_files,
    "other processes": other_processes,
    "environment": secrets,
    "capabilities": capabilities,
    "set-user-id program": setuid_program,
    "fork bomb": fork_bomb,
    "memory": memory,
    "fill /tmp": lambda: fill("/tmp/fill"),
    "fill /dev/shm": lambda: fill("/dev/shm/fill"),
}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))
    chosen = sys.argv[1].split(",") if len(sys.argv) > 1 and sys.argv[1] else list(ATTEMPTS)
    print(json.dumps({name: attempt(ATTEMPTS[name]) for name in chosen}), flush=True)
