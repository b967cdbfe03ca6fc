# expect: completed
# Names are not resolved and nothing is downloaded; both fail at once, not after minutes.
import socket
import time
import urllib.request
from helping import attempt, reached

began = time.monotonic()
attempt("dns", lambda: socket.getaddrinfo("example.org", 443))
attempt("http", lambda: urllib.request.urlopen("http://192.0.2.1/", timeout=5).read())
if time.monotonic() - began > 8:
    reached("a network that makes one wait")
