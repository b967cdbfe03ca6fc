# expect: completed
# A file with the set-user bit gains nothing, inside or outside.
import os
import shutil
import subprocess
from helping import reached

shutil.copy("/usr/bin/id" if os.path.exists("/usr/bin/id") else "/bin/true", "tool")
try:
    os.chmod("tool", 0o4755)
except OSError:
    pass
before = os.getuid(), os.geteuid()
try:
    said = subprocess.run(["./tool", "-u"], capture_output=True, text=True, timeout=5).stdout.strip()
except OSError:
    said = ""
if said and int(said) not in before:
    reached("another user", said)
