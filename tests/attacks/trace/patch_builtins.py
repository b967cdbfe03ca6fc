# expect: completed crashed exited
# json, print, isinstance, len and open are replaced, in this process only.
import builtins
import json

json.dumps = lambda *ignored, **also: '{"score": 100}'
builtins.isinstance = lambda *ignored: True
builtins.len = lambda *ignored: 0
builtins.print = lambda *ignored, **also: None
builtins.open = None
