# expect: completed crashed out-of-memory killed timed-out
# limits: memory=500 wall=20 cpu=15
# Tens of thousands of maps, timers and events are memory of the kernel's; their number is limited.
import ctypes
import mmap

libc = ctypes.CDLL(None)
made = []
try:
    for number in range(200_000):
        made.append(mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE * (number % 2)))
except OSError as refusal:
    print(number, refusal)
for _ in range(100_000):
    if libc.timerfd_create(1, 0) < 0:
        break
event = (ctypes.c_long * 8)()
for _ in range(200_000):
    if libc.timer_create(1, None, ctypes.byref(event)) < 0:
        break
