#!/usr/bin/env bash
# Gradescope runs this once, when it builds the machine: it installs the grader and fetches the data.
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
here="$root/source"
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$root/cache}"

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq bubblewrap python3 python3-venv >/dev/null
fi

python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "gradeloop needs Python 3.11 or newer: choose Ubuntu 24.04 as the base image" >&2
  exit 1
fi
"$python" -m venv "$root/gradeloop"
# pip.args may name another index, for instance one with a torch that brings no CUDA
xargs -a "$here/pip.args" "$root/gradeloop/bin/python" -m pip install --quiet --no-cache-dir \
  --constraint "$here/constraints.txt" "$here"/gradeloop-*.whl

"$root/gradeloop/bin/grade" doctor || true
# a first run fetches the data, and shows in this log whether grading works on this machine
exercise="$(find "$here/exercise" -mindepth 1 -maxdepth 1 -type d)"
if [ -f "$exercise/starter.py" ]; then
  "$root/gradeloop/bin/grade" run --exercise "$exercise" --exit-zero --out "$root/first" "$exercise/starter.py"
fi
