# expect: exited
def train():
    raise SystemExit(0)


train()
