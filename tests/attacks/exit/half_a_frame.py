# expect: timed-out completed exited
# limits: wall=2
# A frame that never ends swallows what the worker says after it: that run is over when its time is.
import os

os.write(3, b"T" + (7_000_000).to_bytes(4, "little") + b"{")
