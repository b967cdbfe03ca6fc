# expect: completed
# Paths where a grader would keep what it hides: none is there to be read.
import targets
from helping import attempt

for path in [targets.SECRET, *targets.GRADER_FILES, "/autograder", "/etc/shadow", "/root/.bashrc", "/gradeloop/secret"]:
    attempt(path, lambda path=path: open(path, "rb").read())
