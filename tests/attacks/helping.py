"""What the attacks share: they say what they reached, and the tests look for that."""


def reached(what, detail=""):
    """Something was reached that must not be. The words are looked for on both streams."""
    print("REACHED", what, str(detail)[:200], flush=True)


def attempt(what, action, harmless=()):
    """Try; an OSError or another refusal is fine, success is not (unless the value is a harmless one)."""
    try:
        value = action()
    except (OSError, ValueError, AttributeError, RuntimeError, MemoryError) as refusal:
        return refusal
    if value not in harmless:
        reached(what, repr(value))
    return value


def call(what, result):
    """The same for a function of libc: a negative result is a refusal."""
    if result >= 0:
        reached(what, result)
