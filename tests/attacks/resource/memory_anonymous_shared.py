# expect: out-of-memory killed
# limits: memory=600
# Anonymous shared memory is in no rlimit: the tree is watched.
import mmap

kept = [mmap.mmap(-1, 32 << 20) for _ in range(60)]
for part in kept:
    part.write(b"x" * (32 << 20))
