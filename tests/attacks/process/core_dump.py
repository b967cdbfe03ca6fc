# expect: crashed killed
# A crash leaves no core anywhere.
import os
import resource
from helping import reached

if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
    reached("a core limit that is not zero")
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
    reached("a core limit raised")
except (ValueError, OSError):
    pass
os.abort()
