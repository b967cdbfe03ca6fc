# expect: out-of-memory killed
# limits: memory=700 wall=40
# Memory that is only read costs nothing but the tables that say where it is, and those count.
import ctypes
import mmap
import time

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
SIZE, NORESERVE, NO_HUGE_PAGES = 1 << 30, 0x4000, 15
for number in range(1024):
    start = libc.mmap(None, SIZE, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE, -1, 0)
    if start in (None, 2**64 - 1):
        break
    libc.madvise(start, SIZE, NO_HUGE_PAGES)
    for place in range(start, start + SIZE, 2 << 20):
        ctypes.string_at(place, 1)
time.sleep(600)
