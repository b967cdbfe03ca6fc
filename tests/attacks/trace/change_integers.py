# expect: completed crashed killed exited
# Integers mean something else, in this interpreter only.
import ctypes

small = 257 - 1
ctypes.memmove(id(small) + 24, ctypes.byref(ctypes.c_int32(255)), 4)
