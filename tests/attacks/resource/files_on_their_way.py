# expect: completed crashed out-of-memory killed
# limits: memory=700 disk=300 wall=20
# A file that was sent through a socket and not received is open in no process; its bytes count all the same.
import array
import os
import socket
import time

from helping import reached

mine, theirs = socket.socketpair()
BLOCK, sent = bytes(8 << 20), 0


def nameless():
    try:
        return os.memfd_create("kept")
    except OSError:
        return os.open(".", os.O_TMPFILE | os.O_RDWR)


try:
    for number in range(8):
        handle = nameless()
        for _ in range(12):
            sent += os.write(handle, BLOCK)
        mine.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))])
        os.close(handle)
    time.sleep(3)
    reached("files in nobody's hands", sent)
except OSError as refusal:
    print(refusal)
