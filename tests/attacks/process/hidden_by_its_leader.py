# expect: out-of-memory killed
# limits: memory=700 wall=20
# A process whose first thread has ended shows no memory of its own; what its other threads hold counts all the same.
import ctypes
import os
import threading
import time


def hold():
    time.sleep(1)
    block = bytearray(400 << 20)
    for place in range(0, len(block), 4096):
        block[place] = 1
    time.sleep(600)


for _ in range(4):
    if os.fork() == 0:
        threading.Thread(target=hold).start()
        ctypes.CDLL(None).syscall(60, 0)
time.sleep(600)
