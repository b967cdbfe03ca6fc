# expect: completed
# A server on this machine is out of reach, by stream, datagram and abstract name.
import socket
import targets
from helping import attempt

attempt("tcp", lambda: socket.create_connection(("127.0.0.1", targets.PORT), 2))
attempt("tcp6", lambda: socket.create_connection(("::1", targets.PORT), 2))
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", targets.PORT)))


def abstract():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.connect("\0" + targets.ABSTRACT)
    return "connected"


attempt("abstract unix socket", abstract)
