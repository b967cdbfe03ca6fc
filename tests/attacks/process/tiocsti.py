# expect: completed
# No key is pressed on the teacher's terminal.
import fcntl
from helping import attempt

for descriptor in (0, 1, 2):
    attempt("TIOCSTI", lambda descriptor=descriptor: fcntl.ioctl(descriptor, 0x5412, b"x"))
attempt("a terminal", lambda: open("/dev/tty", "w").write("x"))
attempt("the console", lambda: open("/dev/console", "w").write("x"))
