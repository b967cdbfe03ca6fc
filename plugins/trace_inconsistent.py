"""What was recorded of the training cannot be all of it."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, Severity, Sign, check, sign


@check(
    group="integrity",
    severity=Severity.ERROR,
    title="The recording of the training and the grader's own computation disagree",
    message=(
        "The recording of this run does not fit what the grader found by other means: {disagreement}. Lines "
        "that rest on the recording are left open until somebody has looked at them."
    ),
    why=(
        "What a report says about a loop comes from a recording made beside it. Code that replaces or removes "
        "hooks of torch may cut it off without meaning to, and then neither praise nor blame can rest on it."
    ),
    experiment=(
        "Look for lines that assign to names of torch or use its names with a leading underscore. What happens "
        "without them?"
    ),
    hints=(
        "Which lines of the program change torch itself, and not only use it?",
        "A training loop needs no hooks of its own to be graded; it can leave those of others in place.",
        "torch.optim.Optimizer.register_step_post_hook adds a hook beside those that are there already.",
    ),
    needs=(),
    basis=Basis.RECOMPUTED,
    words={
        "hooks-removed": "a hook that the recorder had set was gone at the end",
        "updates-unseen": "a short call of the function changes the weights step by step, and no training was recorded",
        "gradients-not-cleared": (
            "the weights of a short call are those of a loop that keeps old gradients, and each recorded step used "
            "only new ones"
        ),
        "gradient-applied-twice": (
            "the weights of a short call are those of a loop that uses a gradient twice, and each recorded step used "
            "a new one"
        ),
    },
)
def trace_inconsistent(evidence: Evidence) -> Iterator[Sign]:
    """Hooks that are gone, or a probe call whose weights say what the trace denies; never where our recorder broke."""
    if evidence.contradiction:
        yield sign(disagreement=evidence.contradiction)
