"""moto's server, with what its API cannot be told: how old people's keys are, and that there is a root user.

Run as its own process: `python -m bot.demo.moto_server PORT`. Beside AWS's APIs it takes
`POST /demo/history`, the past of the account's users as JSON (`bot.demo.account_iam.history`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.iam.models import AccessKeyLastUsed, IAMBackend, User, iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from bot.demo.aws import HISTORY
from bot.demo.moto_answers import NOTHING, Answer, with_answers
from bot.demo.moto_more import add_operations

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)


class Account:
    """The emulated account's past: the root user's row, and when passwords were set."""

    def __init__(self) -> None:
        self.root: dict[str, str] | None = None
        self.password_changed: dict[str, str] = {}

    def remember(self, history: dict[str, Any]) -> None:
        """Writes a history into moto's IAM: ages and last use are data there that no API sets."""
        backend = iam_backends[history["account"]]["aws"]
        self.root = history["root"]
        if self.root:
            # moto fixes both at 0; the summary is where AWS tells whether root has keys and MFA.
            backend.account_summary._account_access_keys_present = int(self.root["access_key_1_active"] == "true")
            backend.account_summary._account_mfa_enabled = int(self.root["mfa_active"] == "true")
        for name, past in history["users"].items():
            user = backend.get_user(name)
            user.create_date = datetime.fromisoformat(past["created"])
            if "password_last_used" in past:
                user.password_last_used = datetime.fromisoformat(past["password_last_used"])  # type: ignore[assignment]
            self.password_changed[name] = past.get("password_changed", past["created"])
            for key, key_past in zip(user.access_keys, past["keys"], strict=True):
                key.create_date = datetime.fromisoformat(key_past["created"])
                if "last_used" in key_past:
                    used = datetime.fromisoformat(key_past["last_used"])
                    key.last_used = AccessKeyLastUsed(used, key_past["service"], key_past["region"])

        for name, past in history.get("roles", {}).items():
            role = backend.get_role(name)
            role.create_date = datetime.fromisoformat(past["created"])
            if "last_used" in past:
                role.last_used, role.last_used_region = datetime.fromisoformat(past["last_used"]), past["region"]
        for name, changed in history.get("policies", {}).items():
            policy = backend.get_policy(f"arn:aws:iam::{history['account']}:policy/{name}")
            for version in policy.versions:
                version.create_date = datetime.fromisoformat(changed)

    def report(self, backend: IAMBackend) -> str:
        """The credential report as AWS writes it, where moto leaves root out and has other placeholders.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
        """
        rows = [COLUMNS]
        if self.root:
            rows.append(",".join(self.root[column] for column in COLUMNS.split(",")))
        rows += [",".join(self._row(user)) for user in backend.users.values()]
        return "\n".join(rows) + "\n"

    def _row(self, user: User) -> list[str]:
        used, changed = "N/A", "N/A"
        if user.password:
            used = _stamp(user.password_last_used) if user.password_last_used else "no_information"
            changed = self.password_changed.get(user.name, _stamp(user.create_date))
        row = [
            user.name,
            user.arn,
            _stamp(user.create_date),
            _word(user.password),
            used,
            changed,
            "N/A",
            _word(user.mfa_devices),
        ]
        for slot in range(2):
            key = user.access_keys[slot] if slot < len(user.access_keys) else None
            row += [_word(key and key.status == "Active"), _stamp(key.create_date) if key else "N/A"]
            last = key.last_used if key else None
            row += [_stamp(last.timestamp), last.region, last.service] if last else ["N/A"] * 3
        return [*row, "false", "N/A", "false", "N/A"]


def _word(value: object) -> str:
    return "true" if value else "false"


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def with_history(aws: WSGIApplication, account: Account) -> WSGIApplication:
    """moto's application, and `POST /demo/history` in front of it."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != HISTORY:
            return aws(environ, start_response)
        account.remember(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        start_response("204 No Content", [])
        return []

    return application


Around = Callable[["WSGIApplication"], "WSGIApplication"]


def serve(port: int, answers: list[Answer], around: Around = lambda aws: aws) -> None:
    """Serves AWS's APIs on loopback until the process is ended: the answers given, and what moto knows."""
    account = Account()

    untold: Callable[[IAMBackend], str] = IAMBackend.get_credential_report

    def report(backend: IAMBackend) -> str:
        if not backend.credential_report:
            return untold(backend)  # moto's own ReportNotPresent
        return account.report(backend)

    IAMBackend.get_credential_report = report  # type: ignore[assignment,method-assign]
    add_operations()
    aws = with_answers(DomainDispatcherApplication(create_backend_app), answers)
    application = around(with_history(aws, account))
    run_simple("127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    serve(int(sys.argv[1]), [Answer(call, says) for call, says in NOTHING.items()])
