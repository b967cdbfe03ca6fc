"""A denylist of system calls as a hand-made BPF program, for x86-64 and AArch64."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from .linux import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, checked, libc, prctl

Instruction = tuple[int, int, int, int]

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# the CLONE_NEW* flags that clone(2) takes; and CLONE_PARENT: nobody would bury such a child, and the room could not end
_NAMESPACES_AND_SIBLINGS = 0x7E028000
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

#: name: number on (x86-64, AArch64); None where it does not exist
_NEVER: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467), "setns": (308, 268), "unshare": (272, 97),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "syslog": (103, 116), "personality": (135, 92),
    "nfsservctl": (180, 42), "lookup_dcookie": (212, 18), "vhangup": (153, 58), "ioperm": (172, None),
    "iopl": (173, None), "modify_ldt": (154, None), "uselib": (134, None), "_sysctl": (156, None),
    "create_module": (174, None), "vmsplice": (278, 75), "fanotify_init": (300, 262),
    "memfd_secret": (447, 447), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "mbind": (237, 235), "set_mempolicy": (238, 237),
    # System V segments and queues outlive a process and need no file
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190),
    "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}  # fmt: skip
#: where root cannot become somebody else, processes are counted under a real user of their own: no way back to root's
_IDENTITIES: dict[str, tuple[int | None, int | None]] = {
    "setuid": (105, 146), "setreuid": (113, 145), "setresuid": (117, 147),
}  # fmt: skip
#: what Landlock does not watch. A submission loses nothing when these seem to work and do nothing.
_SILENTLY_NOTHING: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
_NOT_SUPPORTED: dict[str, tuple[int | None, int | None]] = {
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466), "file_setattr": (469, 469),
}  # fmt: skip
#: what tells of, reaches, or hides from what is counted, files and processes that are the machine's own
_SHARED: dict[str, tuple[int | None, int | None]] = {
    # file names in folders that Landlock does not let anybody list
    "inotify_add_watch": (254, 27),
    # a file that is sent and not yet received is in nobody's list of open files
    "sendmsg": (46, 211), "sendmmsg": (307, 269),
}  # fmt: skip
#: memory with a file's handle and no name. While it is on its way through a socket no process has it, and nobody
#: could count it; graphics cards' libraries make some, and other programs can use files
_NAMELESS_MEMORY = (319, 279)
#: calls that may name another process: which argument, and only 0 (oneself) is let through
_ONESELF = {
    "prlimit64": ((302, 261), 0), "setpriority": ((141, 140), 1), "sched_setscheduler": ((144, 119), 0),
    "sched_setparam": ((142, 118), 0), "sched_setattr": ((314, 274), 0), "ioprio_set": ((251, 30), 1),
}  # fmt: skip
#: of those, calls whose first argument says what 0 stands for: oneself, or all processes of the same user
_OF_ONE_PROCESS = {"setpriority": 0, "ioprio_set": 1}
_SIGNALS = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
            "rt_tgsigqueueinfo": (297, 240)}  # fmt: skip
#: TIOCSTI, TIOCLINUX, FS_IOC_SETFLAGS (64 and 32 bits), FS_IOC_FSSETXATTR; FIOSETOWN and SIOCSPGRP, which are F_SETOWN
_TERMINAL_AND_FLAGS = (0x5412, 0x541C, 0x40086602, 0x40046602, 0x401C5820, 0x8901, 0x8902)
_OWNER_OF_SIGNALS = (8, 15)  # F_SETOWN, F_SETOWN_EX


def program(*, shared: bool, own_signals: int | None = None, nameless_memory: bool = False) -> bytes:
    """The filter. `shared`: the file system and sockets are the machine's own, so more is refused.

    `own_signals`: the one process that may be signalled, where Landlock cannot hold signals back.
    `nameless_memory`: let memfd_create through.
    """
    index, architecture = _MACHINES[platform.machine()]
    refuse = _ERRNO | errno.EPERM
    code: list[Instruction] = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), _stop(_KILL), (_LOAD, 0, 0, 0)]
    if index == 0:  # x32 numbers would walk past every comparison below
        code += [(_AT_LEAST, 0, 1, 0x40000000), _stop(_ERRNO | errno.ENOSYS)]
    code += _table(_NEVER, index, refuse)
    code += _arguments(index, refuse) + _sockets(index, shared)
    if shared:
        code += _table(_IDENTITIES, index, refuse)
        code += _table(_SHARED, index, refuse)
        code += _table(_SILENTLY_NOTHING, index, _ERRNO)
        code += _table(_NOT_SUPPORTED, index, _ERRNO | errno.ENOTSUP)
        code += _when((76, 45)[index], [_stop(refuse)])  # truncate by path: unwatched before Landlock ABI 3
        code += _when((203, 122)[index], _only_among(0, (0,), refuse))  # sched_setaffinity, of oneself only
    if not nameless_memory:
        code += _when(_NAMELESS_MEMORY[index], [_stop(_ERRNO | errno.ENOSYS)])
    if own_signals is not None:
        code += _own_signals(index, own_signals, refuse)
    return b"".join(struct.pack("<HBBI", *item) for item in [*code, _stop(_ALLOW)])


def load(filter_bytes: bytes) -> None:
    """Apply a filter to this process and all that come after it. Raises OSError."""

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    buffer = ctypes.create_string_buffer(filter_bytes, len(filter_bytes))
    value = Filter(len(filter_bytes) // 8, ctypes.addressof(buffer))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    result = libc.prctl(ctypes.c_ulong(PR_SET_SECCOMP), ctypes.c_ulong(2), ctypes.byref(value), 0, 0)
    checked(result, "seccomp")


def supported() -> bool:
    """Whether a filter can be made for this machine's processor."""
    return platform.machine() in _MACHINES and os.name == "posix"


def _stop(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _when(number: int | None, body: list[Instruction]) -> list[Instruction]:
    """`body` must end the program: it may load an argument over the call's number."""
    return [] if number is None else [(_EQUAL, 0, len(body), number), *body]


def _table(calls: dict[str, tuple[int | None, int | None]], index: int, action: int) -> list[Instruction]:
    return [item for numbers in calls.values() for item in _when(numbers[index], [_stop(action)])]


def _argument(number: int) -> Instruction:
    return (_LOAD, 0, 0, 16 + 8 * number)  # the low half, which is all that an int has


def _only_among(argument: int, values: tuple[int, ...], action: int) -> list[Instruction]:
    tests = [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [_argument(argument), *tests, _stop(action), _stop(_ALLOW)]


def _unless_among(argument: int, values: tuple[int, ...], action: int) -> list[Instruction]:
    tests = [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [_argument(argument), *tests, _stop(_ALLOW), _stop(action)]


def _arguments(index: int, refuse: int) -> list[Instruction]:
    """Calls that are fine but for some of their arguments."""
    spaces = [_argument(0), (_ANY_BIT, 0, 1, _NAMESPACES_AND_SIBLINGS), _stop(refuse), _stop(_ALLOW)]
    code = _when((56, 220)[index], spaces)  # clone
    code += _when(435, [_stop(_ERRNO | errno.ENOSYS)])  # clone3: its flags lie in memory; libc falls back to clone
    code += _when((16, 29)[index], _unless_among(1, _TERMINAL_AND_FLAGS, refuse))  # ioctl
    code += _when((72, 25)[index], _unless_among(1, _OWNER_OF_SIGNALS, refuse))  # fcntl
    for name, (numbers, argument) in _ONESELF.items():
        kind = _OF_ONE_PROCESS.get(name)
        first = [] if kind is None else [_argument(0), (_EQUAL, 1, 0, kind), _stop(refuse)]
        code += _when(numbers[index], [*first, *_only_among(argument, (0,), refuse)])
    return code


def _sockets(index: int, shared: bool) -> list[Instruction]:
    """Unix sockets only; where the machine's own sockets are in reach, only unnamed pairs of streams."""
    refuse = _ERRNO | errno.EAFNOSUPPORT
    if not shared:
        return _when((41, 198)[index], _only_among(0, (1,), refuse))
    pair = [_argument(1), (_AND, 0, 0, 0xF), (_EQUAL, 1, 0, 1), _stop(refuse), _stop(_ALLOW)]
    return _when((41, 198)[index], [_stop(refuse)]) + _when((53, 199)[index], pair)


def _own_signals(index: int, process: int, action: int) -> list[Instruction]:
    code = _when(424, [_stop(action)])  # pidfd_send_signal
    for numbers in _SIGNALS.values():
        code += _when(numbers[index], _only_among(0, (process, 0), action))
    return code
