# expect: completed
# What happens in folders of others cannot be watched either.
import ctypes
import os

import targets
from helping import attempt

libc = ctypes.CDLL(None, use_errno=True)


def watch(path):
    handle = libc.inotify_init1(0)
    if handle < 0:
        return None
    watched = libc.inotify_add_watch(handle, os.fsencode(path), 0xFFF)
    os.close(handle)
    return path if watched >= 0 else None


for path in (targets.FOLDER, targets.NEIGHBOUR, targets.NEIGHBOUR_FOLDER, *targets.GRADER_FILES):
    attempt("watching", lambda path=path: watch(path), harmless=(None,))
