# expect: completed
# Files with the names of results are a student's files.
for name in ("result.json", "results.json", "junit.xml", "report.html", "gradebook.csv", "summary.json"):
    open(name, "w").write('{"score": 100}')
