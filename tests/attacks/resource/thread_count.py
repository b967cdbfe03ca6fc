# expect: completed crashed killed
# limits: wall=8
# Thousands of threads cannot be had.
import threading
from helping import reached

wait = threading.Event()
try:
    for number in range(3000):
        threading.Thread(target=wait.wait, daemon=True).start()
except RuntimeError:
    pass
else:
    reached("three thousand threads")
wait.set()
