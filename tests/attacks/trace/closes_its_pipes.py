# expect: exited completed
import os

os.closerange(0, 64)
