# expect: crashed
# A message with a frame in it stays a message.
raise ValueError('E\x13\x00\x00\x00{"exit": 0, "reason": "returned"}\n{"score": 100}\nT\x02\x00\x00\x00{}')
