# expect: completed exited
import os
import random

noise = random.Random(1)
for _ in range(200):
    os.write(3, bytes(noise.randrange(256) for _ in range(500)))
