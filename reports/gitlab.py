"""gl-code-quality-report.json: findings as GitLab's code quality report shows them in a merge request."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from grader import Finding, RenderContext, Renderer, Result, Severity, hookimpl, one_line

from . import telling, view

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


class GitLabReport:
    """One issue a finding, with a fingerprint that stays when lines move."""

    suffix = "gl-code-quality-report.json"

    def __call__(self, result: Result, context: RenderContext) -> str:
        path = telling.repository_path(result, context)
        seen: Counter[str] = Counter()
        issues = []
        for told in telling.all_told(view.build(result, context)):
            key = _key(told.finding, path)
            issues.append(_issue(told, path, _fingerprint(key, seen[key]), context))
            seen[key] += 1
        return json.dumps(issues, ensure_ascii=False, indent=1) + "\n"


def _issue(told: view.Told, path: str, fingerprint: str, context: RenderContext) -> dict[str, Any]:
    where = told.finding.where
    # a notebook's file has other lines than its cells
    line = where.line if where and where.cell is None else 1
    return {
        "description": telling.sentence(told, context),
        "check_name": one_line(told.finding.check, 100),
        "fingerprint": fingerprint,
        "severity": SEVERITIES[told.finding.severity],
        "location": {"path": path, "lines": {"begin": max(1, line)}},
    }


def _key(finding: Finding, path: str) -> str:
    """What a finding is, without the number of its line: the same before and after an edit further up."""
    return "\0".join([finding.check, path, finding.where.text.strip() if finding.where else ""])


def _fingerprint(key: str, number: int) -> str:
    """Unique in a report: GitLab shows issues with equal fingerprints once."""
    return hashlib.sha256(f"{key}\0{number}".encode("utf-8", "replace")).hexdigest()[:40]


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `gitlab`."""
    return {"gitlab": GitLabReport()}
