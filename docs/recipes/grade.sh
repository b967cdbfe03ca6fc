#!/usr/bin/env bash
# For any other CI server: grades one submission and leaves junit.xml and the page in gradeloop-out/.
set -euo pipefail

# 0 passed, 1 graded and not passed; 2 and 3 are not the student's fault, so they stop the job with another message
code=0
grade run --exercise mnist-mlp --format terminal --format junit --format html --out gradeloop-out "${1:-submission.py}" || code=$?
if [ "$code" -gt 1 ]; then
  echo "not graded: exit code $code; nobody loses points for it" >&2
fi
exit "$code"
