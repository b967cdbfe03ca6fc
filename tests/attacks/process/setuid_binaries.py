# expect: completed
# Programs that turn into root do not.
import shutil
import subprocess
from helping import reached

for command in (["su", "-c", "id -u"], ["sudo", "-n", "id", "-u"], ["newuidmap", "1", "0", "0", "1"], ["mount", "-t", "no-such-kind", "a", "/"]):
    if shutil.which(command[0]) is None:
        continue
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        continue
    if done.returncode == 0:
        reached(" ".join(command), done.stdout)
