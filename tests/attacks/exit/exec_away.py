# expect: timed-out killed exited
# limits: wall=2
# Another program in the worker's place answers nothing, and gets no more time.
import os

os.execv("/bin/sleep", ["sleep", "600"])
