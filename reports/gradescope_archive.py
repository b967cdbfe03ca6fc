"""The autograder that `grade export gradescope` writes: setup.sh, run_autograder and all that they need."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from grader import export, hookimpl

from .gradescope import GradescopeReport

TEMPLATES = Path(__file__).parent / "templates" / "gradescope"
SCRIPTS = ("setup.sh", "run_autograder")


class GradescopeArchive:
    """Gradescope unpacks it into /autograder/source and runs setup.sh there once."""

    def __call__(self, package: export.Package) -> Mapping[str, export.Member]:
        render = GradescopeReport()
        name, wheel = package.wheel
        settings = {"exercise": package.exercise.id, "language": package.context.language}
        texts = {
            "constraints.txt": package.constraints,
            "pip.args": shlex.join(package.pip) + "\n",
            "settings.json": json.dumps(settings, indent=1) + "\n",
            **{f"{why}.json": render(result, package.context) for why, result in package.ungraded.items()},
        }
        members = {script: export.Member((TEMPLATES / script).read_bytes(), executable=True) for script in SCRIPTS}
        members |= {name: export.Member(text.encode()) for name, text in texts.items()}
        members |= {
            # an exercise's folder has the name of its id
            f"exercise/{package.exercise.id}/{path}": export.Member(content)
            for path, content in package.files.items()
        }
        members[name] = export.Member(wheel)
        if package.secret is not None:
            members["secret"] = export.Member(package.secret)
        return members


@hookimpl
def grader_archives() -> Mapping[str, export.Archiver]:
    """The archive `gradescope`."""
    return {"gradescope": GradescopeArchive()}
