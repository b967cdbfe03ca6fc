# expect: crashed killed
# The C stack overflows: a crash of the run, with its line.
import ctypes
import sys

sys.setrecursionlimit(10**9)


class Deep:
    pass


value = []
for _ in range(10**6):
    value = [value]
repr(value) if False else None
function = ctypes.CFUNCTYPE(ctypes.c_int)
callback = None


def again():
    return callback()


callback = function(again)
callback()
