# expect: completed crashed
# Hooks of the interpreter change the run's own claims, nothing else.
import sys
import threading

sys.excepthook = lambda *ignored: None
sys.settrace(lambda *ignored: None)
sys.setprofile(lambda *ignored: None)
threading.settrace(lambda *ignored: None)
threading.excepthook = lambda *ignored: None
raise ValueError("unseen")
