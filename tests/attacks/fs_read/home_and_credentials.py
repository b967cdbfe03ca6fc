# expect: completed
# Neither the grader's home nor a cloud's credentials are there.
import os
import targets
from helping import attempt, reached

names = [".ssh/id_rsa", ".aws/credentials", ".netrc", ".config/gcloud", ".docker/config.json", ".git-credentials", ".bash_history"]
for home in {targets.HOME, "/root", "/home/runner", os.path.expanduser("~")}:
    for name in names:
        attempt(f"{home}/{name}", lambda home=home, name=name: open(f"{home}/{name}").read())
for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "GRADE_SECRET", "SSH_AUTH_SOCK"):
    if name in os.environ:
        reached(name)
