# expect: killed out-of-memory
# limits: memory=700 disk=300 wall=20
# What waits in sockets is memory of the kernel's, and in no process's size.
import os
import resource
import socket
import time

from helping import reached

resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
held, kept = 0, []
for _ in range(8):
    if os.fork() == 0:
        try:
            while True:
                mine, theirs = socket.socketpair()
                kept.append((mine, theirs))
                for end in (mine, theirs):
                    end.setblocking(False)
                    try:
                        while True:
                            held += end.send(bytes(65536))
                    except BlockingIOError:
                        pass
        except OSError:
            pass
        time.sleep(10)
        os._exit(0)
time.sleep(10)
reached("some GB of the kernel's memory")
