"""The system calls that a worker has no business making, as a BPF program for `bwrap --seccomp`.

A deny list: what a document library may call changes with its version, what an attacker wants from the kernel does not.
Everything here answers EPERM, so that a library which merely asks goes on; clone3 answers ENOSYS, so that libc falls
back to clone, whose flags a filter can read.
"""

import errno
import os

DENIED = (
    # other processes, their memory and their keys
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "pidfd_open"),
    *("add_key", "request_key", "keyctl"),
    # the kernel as a whole
    *("bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module"),
    *("delete_module", "create_module", "query_module", "get_kernel_syms", "reboot", "syslog", "swapon", "swapoff"),
    *("acct", "quotactl", "quotactl_fd", "nfsservctl", "lookup_dcookie", "uselib", "vm86", "vm86old", "modify_ldt"),
    *("iopl", "ioperm", "personality", "fanotify_init", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    # namespaces and mounts
    *("mount", "umount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount", "fsopen"),
    *("fsconfig", "fsmount", "fspick", "mount_setattr", "name_to_handle_at", "open_by_handle_at", "mknod", "mknodat"),
    # time, names, users
    *("settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "adjtimex", "stime", "sethostname"),
    *("setdomainname", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset"),
    # memory policy and leftovers
    *("mbind", "set_mempolicy", "migrate_pages", "move_pages", "vhangup", "vmsplice", "memfd_secret", "sysfs", "ustat"),
)

_CLONE_NEW = 0x7E020000  # CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_AF_UNIX = 1
_TIOCSTI = 0x5412
_TIOCLINUX = 0x541C


class SeccompUnavailableError(Exception):
    """libseccomp or its binding is missing, so no filter can be made."""


def program() -> bytes:
    """The filter as BPF for this machine's architecture. SeccompUnavailableError when libseccomp is missing."""
    try:
        import pyseccomp  # type: ignore[import-untyped]  # noqa: PLC0415 - its import fails where libseccomp is missing
    except (ImportError, RuntimeError, OSError) as error:
        raise SeccompUnavailableError("libseccomp is missing; install the package libseccomp2") from error
    filter_ = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    denied = pyseccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        _deny(filter_, denied, name)
    filter_.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for bit in range(32):
        if _CLONE_NEW >> bit & 1:
            filter_.add_rule(denied, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 1 << bit, 1 << bit))
    for name in ("socket", "socketpair"):
        filter_.add_rule(denied, name, pyseccomp.Arg(0, pyseccomp.NE, _AF_UNIX))
    for request in (_TIOCSTI, _TIOCLINUX):
        filter_.add_rule(denied, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    return _exported(filter_)


def _deny(filter_: object, action: int, name: str) -> None:
    try:
        filter_.add_rule(action, name)  # type: ignore[attr-defined]  # pyseccomp has no types
    except (ValueError, OSError, RuntimeError):
        # A call that this architecture or this libseccomp does not know can't be made through it either: an unknown
        # call of the native architecture is one the kernel of that age lacks too.
        return


def _exported(filter_: object) -> bytes:
    with os.fdopen(os.memfd_create("seccomp"), "w+b") as file:
        filter_.export_bpf(file)  # type: ignore[attr-defined]  # pyseccomp has no types
        file.seek(0)
        return file.read()
