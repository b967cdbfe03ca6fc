# expect: completed
# Nobody outside could talk to a server in here either.
import socket
from helping import attempt


def listen():
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("0.0.0.0", 0))
    server.listen()
    return server.getsockname()


attempt("a listening server", listen)
