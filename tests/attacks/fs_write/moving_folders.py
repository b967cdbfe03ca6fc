# expect: killed
# limits: disk=100 wall=20
# Folders that move about while they are counted do not hide what lies in them for long.
import os
import threading
import time

from helping import reached

os.makedirs("a/b/c")
os.makedirs("z")


def move():
    while True:
        for pair in (("a/b", "z/b"), ("z/b", "a/b")):
            try:
                os.rename(*pair)
            except OSError:
                pass


threading.Thread(target=move, daemon=True).start()
BLOCK, written = bytes(1 << 20), 0
try:
    for number in range(200):
        for place in ("a/b/c", "z/b/c"):
            try:
                with open(f"{place}/{number}", "wb") as file:
                    written += file.write(BLOCK)
                break
            except FileNotFoundError:
                continue
    time.sleep(10)
    reached("more than may be written", written)
except OSError as refusal:
    print(refusal)
    time.sleep(10)
