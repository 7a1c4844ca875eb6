"""The Procfile, started as people start it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HONCHO = Path(sys.executable).with_name("honcho")


def test_a_bot_without_settings_says_what_to_set_and_exits(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Procfile", tmp_path)
    path = os.pathsep.join([str(HONCHO.parent), os.environ["PATH"]])
    ended = subprocess.run(
        [HONCHO, "start"], cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert ended.returncode == 2
    (line,) = [line for line in said.splitlines() if "aws-sec: " in line]
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "AWS_SEC_CHANNEL", "AWS_SEC_APPROVALS_CHANNEL"):
        assert name in line
    assert "Traceback" not in said
