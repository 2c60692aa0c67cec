"""A PVE that gives tickets, wants them back, and can ask for a second factor."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from .servers import Answer, Seen, answer, ok

PASSWORD = "correct horse; battery=staple&"
REFUSED = answer(
    401, "authentication failure", b'{"data":null,"message":"authentication failure\\n"}', connection=("close",)
)
NO_TICKET = answer(401, "Authentication failed!", connection=("close",))


@dataclass
class Gate:
    """A PVE that gives tickets and wants them back: ``PVE:root@pam:1::sig==``, ``:2::``, ..."""

    given: int = 0
    valid: set[str] = field(default_factory=set)
    password: str = PASSWORD
    factors: dict[str, Any] | None = None
    accepts_tickets_as_password: bool = True
    refuses_all: bool = False
    logins: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, seen: Seen) -> Answer:
        if seen.path == "/access/ticket":
            return self.login(seen.form)
        cookie = seen.headers.get("cookie", "").removeprefix("PVEAuthCookie=")
        if self.refuses_all or cookie not in self.valid:
            return NO_TICKET
        if seen.method != "GET" and seen.headers.get("csrfpreventiontoken") != f"csrf:{cookie[-5:]}":
            return answer(401, "Permission denied - invalid csrf token", connection=("close",))
        return ok([seen.method, seen.path])

    def login(self, form: dict[str, str]) -> Answer:
        self.logins.append(form)
        if "tfa-challenge" in form:
            good = form["tfa-challenge"] == self.challenge and form["password"] in ("totp:123456", "recovery:ab-cd")
            return self.ticket() if good else REFUSED
        if form["password"] in self.valid and self.accepts_tickets_as_password:
            return self.ticket()
        if form["username"] != "root@pam" or form["password"] != self.password:
            return REFUSED
        if self.factors is not None:
            return ok({"NeedTFA": 1, "username": "root@pam", "ticket": self.challenge, "CSRFPreventionToken": "x"})
        return self.ticket()

    @property
    def challenge(self) -> str:
        return f"PVE:!tfa!{quote(json.dumps(self.factors), safe='{}[], ' + chr(34))}:6921A000::sig"

    def ticket(self) -> Answer:
        self.given += 1
        value = f"PVE:root@pam:6921A{self.given:03}::c2ln+/{self.given}=="
        self.valid.add(value)
        return ok({"ticket": value, "CSRFPreventionToken": f"csrf:{value[-5:]}", "username": "root@pam", "cap": {}})


def always(text: str) -> Callable[[str], Any]:
    async def ask(prompt: str) -> str:
        return text

    return ask
