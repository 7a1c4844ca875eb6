"""The demo's emulator with what only tests need: `python -m tests.accounts.server PORT`.

Beside AWS's APIs it takes `POST /tests/answers`: what no emulated service answers, as JSON (`tests.accounts.filling`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from bot.demo.moto_answers import NOTHING, Answer
from bot.demo.moto_server import serve
from tests.accounts.moto_archives import add_archives
from tests.accounts.moto_builds import add_builds
from tests.accounts.moto_doors import add_doors
from tests.accounts.moto_guards import add_guards
from tests.accounts.moto_lines import add_lines
from tests.accounts.moto_packages import add_packages
from tests.accounts.moto_stores import add_stores

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ANSWERS = "/tests/answers"
EMULATED = (
    "appstream:",
    "codeartifact:",
    "directconnect:",
    "ec2:",
    "ecs:",
    "emr:",
    "lightsail:",
    "network-firewall:",
    "redshift-serverless:",
)
"""Of what the demo has none, what is emulated here."""


def taking(answers: list[Answer]) -> Callable[[WSGIApplication], WSGIApplication]:
    """Puts `POST /tests/answers` in front of an application."""

    def around(aws: WSGIApplication) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] != ANSWERS:
                return aws(environ, start_response)
            given = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            answers.extend(Answer(**one) for one in given)
            start_response("204 No Content", [])
            return []

        return application

    return around


def main(port: int) -> None:
    """Serves AWS's APIs on loopback until the process is ended."""
    for add in (add_archives, add_builds, add_doors, add_guards, add_lines, add_packages, add_stores):
        add()
    answers = [Answer(call, says) for call, says in NOTHING.items() if not call.startswith(EMULATED)]
    serve(port, answers, taking(answers))


if __name__ == "__main__":
    main(int(sys.argv[1]))
