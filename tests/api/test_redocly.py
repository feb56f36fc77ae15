"""The linter that most people run on a description finds nothing in ours: not an error, not a warning."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from homeshield.api import api
from homeshield.openapi import JsonRenderer


def test_redocly_finds_nothing(tmp_path: Path, rf: object) -> None:
    if not (redocly := shutil.which("redocly")):
        message = "redocly is not installed (npm install --global @redocly/cli)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    described = tmp_path / "openapi.json"
    described.write_bytes(JsonRenderer().render(rf, api.get_openapi_schema(), response_status=200))  # type: ignore[arg-type]
    done = subprocess.run(
        [redocly, "lint", "--format=json", str(described)],
        cwd=tmp_path,  # without a configuration: its recommended rules
        env=os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert [(one["ruleId"], one["message"]) for one in found["problems"]] == []
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}
