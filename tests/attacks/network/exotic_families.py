# expect: completed
# No family of sockets but unix.
import socket
from helping import attempt

FAMILIES = {"AF_NETLINK": 16, "AF_PACKET": 17, "AF_VSOCK": 40, "AF_ALG": 38, "AF_BLUETOOTH": 31, "AF_XDP": 44,
            "AF_INET": 2, "AF_INET6": 10, "AF_TIPC": 30, "AF_CAN": 29}
for name, number in FAMILIES.items():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        attempt(f"{name} {kind}", lambda number=number, kind=kind: socket.socket(number, kind))
