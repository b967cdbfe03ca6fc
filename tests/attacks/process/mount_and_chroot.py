# expect: completed
# No mounts, no other root, no new namespaces. The kind of file system named here does not exist.
import ctypes
import errno
from helping import call, reached

libc = ctypes.CDLL(None, use_errno=True)
libc.mount(b"a", b"/", b"no-such-kind", 0, None)
if ctypes.get_errno() == errno.ENODEV:
    reached("mount")
call("chroot", libc.chroot(b"/"))
call("pivot_root", libc.syscall(155, b".", b"."))
call("umount", libc.umount2(b"/no-such-place", 0))
for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000):
    call("unshare", libc.unshare(flag))
