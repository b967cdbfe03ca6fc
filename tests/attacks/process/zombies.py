# expect: completed crashed
# Many short-lived children use up no numbers and leave nothing.
import os

for number in range(120):
    child = os.fork()
    if child == 0:
        os._exit(0)
    if number % 2:
        os.waitpid(child, 0)
