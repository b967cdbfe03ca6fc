# expect: completed crashed exited
# Every object of the runner is found; none of them knows a verdict, a label or a secret.
import gc
import targets
from helping import reached

for thing in gc.get_objects():
    if type(thing) is dict:
        for key, value in list(thing.items()):
            if type(key) is str and key in ("labels_hidden", "rubric", "verdicts") and value:
                reached("something of the grader's", key)
            if type(value) is bytes and targets.CONTENT.encode() in value:
                reached("the secret", key)
