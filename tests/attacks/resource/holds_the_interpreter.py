# expect: timed-out
# limits: wall=2
print(sum(range(10**14)))
