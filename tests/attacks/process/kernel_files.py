# expect: completed
# What the kernel offers as files is not to be written, and of others not to be read.
import os

import targets
from helping import attempt

WRITTEN = ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches",
           "/proc/sys/kernel/ns_last_pid", "/proc/sys/fs/protected_symlinks", "/proc/1/oom_score_adj", "/proc/1/comm",
           "/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups", "/proc/self/loginuid",
           "/proc/irq/default_smp_affinity", "/proc/kcore", "/sys/kernel/mm/transparent_hugepage/enabled",
           "/sys/power/state", "/sys/kernel/uevent_helper", "/sys/module/kernel/parameters/panic", "/dev/mem", "/dev/kmsg")
READ = ("/proc/kcore", "/proc/kmsg", "/proc/1/environ", "/proc/1/mem", "/proc/1/maps", "/dev/mem", "/dev/kmem", "/dev/port",
        "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/loop-control", "/dev/uinput", "/dev/sda", "/dev/vda", "/dev/nvme0n1")
OF_OTHERS = ("environ", "mem", "maps", "cmdline", "stack", "fd", "root", "cwd", "io", "auxv", "task", "status")
for path in WRITTEN:
    attempt(f"writing to {path}", lambda path=path: os.write(os.open(path, os.O_WRONLY), b"1"))
for path in READ:
    attempt(f"reading {path}", lambda path=path: os.read(os.open(path, os.O_RDONLY), 16), harmless=(b"",))
for process in (targets.BYSTANDER, targets.GRADER_PID):
    for name in OF_OTHERS:
        path = f"/proc/{process}/{name}"
        attempt(f"reading {path}", lambda path=path: os.read(os.open(path, os.O_RDONLY), 16), harmless=(b"",))
        attempt(f"listing {path}", lambda path=path: os.listdir(path))
    attempt("the score of another", lambda p=process: os.write(os.open(f"/proc/{p}/oom_score_adj", os.O_WRONLY), b"1000"))
