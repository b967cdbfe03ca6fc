# expect: completed exited timed-out
# limits: wall=6
# Whoever closes everything says nothing any more, and nobody waits for it beyond its time.
import os

os.closerange(0, 4096)
