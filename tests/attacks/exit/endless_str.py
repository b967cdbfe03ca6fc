# expect: timed-out crashed
# limits: wall=3
# An exception whose text never ends costs the wall clock.
class Endless(Exception):
    def __str__(self):
        while True:
            pass


raise Endless
