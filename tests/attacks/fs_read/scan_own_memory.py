# expect: completed
# What was forked or started holds no secret: its own memory is searched for one.
import targets
from helping import reached

# the secret is put together nowhere in here: else it would find itself
backwards = targets.MARK_BACKWARDS.encode()
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        words = line.split()
        if "r" not in words[1] or (len(words) > 5 and words[5] not in ("[heap]", "[stack]")):
            continue
        first, last = (int(word, 16) for word in words[0].split("-"))
        if last - first > 64 << 20:
            continue
        try:
            memory.seek(first)
            content = memory.read(last - first)
        except (OSError, ValueError, OverflowError):
            continue
        place = content.find(b"secret:")
        while place >= 0:
            start = place + len(b"secret:")
            if content[start : start + len(backwards)][::-1] == backwards:
                reached("the secret in memory", words)
            place = content.find(b"secret:", start)
