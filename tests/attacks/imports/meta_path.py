# expect: completed crashed
# Hooks of the import system act in this process.
import builtins
import sys

sys.meta_path.insert(0, type("Finder", (), {"find_spec": lambda *ignored: None})())
original = builtins.__import__
builtins.__import__ = lambda *arguments, **also: original(*arguments, **also)
sys.path.insert(0, "/")
