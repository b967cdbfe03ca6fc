# expect: timed-out
# limits: wall=2
while True:
    pass
