# expect: completed
# A program out of memory runs behind the same walls.
import os
import shutil
import subprocess
import targets

source = shutil.which("cat")
try:
    handle = os.memfd_create("tool")
    os.write(handle, open(source, "rb").read())
    done = subprocess.run([f"/proc/self/fd/{handle}", targets.SECRET], pass_fds=[handle], capture_output=True, text=True)
    print(done.stdout)
    if targets.CONTENT in done.stdout:
        print("REACHED the secret by another program")
except OSError:
    pass
