"""What can go wrong on our side of the fence, each kind with a slug that programs can match."""


class GraderError(Exception):
    """The grader failed, and nobody else did: exit code 3."""

    slug = "grader-failed"


class UsageError(GraderError):
    """The command was called with something that it cannot take: exit code 2."""

    slug = "wrong-usage"


class ExerciseError(GraderError):
    """An exercise is not well formed; the message names file, key, value and choices: exit code 2."""

    slug = "exercise-malformed"


class SubmissionError(GraderError):
    """What was handed in cannot be read as a submission; ends in a report, not in a traceback.

    `check` is the slug of the finding that the report carries, `line` the place where known.
    """

    slug = "submission-unreadable"

    def __init__(self, check: str, reason: str, line: int | None = None, **params: str | int | float) -> None:
        super().__init__(reason)
        self.check = check
        self.line = line
        self.params = params


class DataError(GraderError):
    """A data set is missing or damaged: exit code 2."""

    slug = "data-unusable"


class SandboxError(GraderError):
    """No worker could be started, or it broke before the student's code began."""

    slug = "sandbox-failed"


class TraceError(GraderError):
    """A worker's bytes do not follow the format; they are a claim that is not believed."""

    slug = "trace-malformed"
