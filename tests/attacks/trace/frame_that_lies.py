# expect: completed exited
# A length beyond the data is no reason to make room for it.
import os

os.write(3, b"T" + (2**32 - 1).to_bytes(4, "little") + b"{}")
