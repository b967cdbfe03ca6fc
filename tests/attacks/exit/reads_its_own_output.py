# expect: completed
# Its pipes can be opened from both sides; whatever it takes out or puts in is its own.
import fcntl
import os
import threading


def taken(number):
    handle = os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_NONBLOCK)
    for _ in range(1000):
        try:
            os.read(handle, 65536)
        except OSError:
            pass


for number in (1, 2, 5):
    try:
        fcntl.fcntl(number, fcntl.F_SETFL, os.O_NONBLOCK)
        fcntl.fcntl(number, 1031, 1 << 20)
        threading.Thread(target=taken, args=(number,)).start()
    except OSError:
        pass
try:
    os.write(os.open("/proc/self/fd/4", os.O_WRONLY | os.O_NONBLOCK), b"Q" + (3).to_bytes(4, "little") + b"{}x")
except OSError:
    pass
