"""What the first run asks, what may stand in each field, and the configuration that comes of it. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from proxtui.config.address import short_name
from proxtui.config.checks import refuse_no_slug, title
from proxtui.config.models import Credentials, Endpoint, Server, TlsTrust
from proxtui.config.secret import Secret
from proxtui.errors import InvalidInput, ProxtuiError, UsageError

if TYPE_CHECKING:
    from proxtui.config.vault.contents import Plain
    from proxtui.pve.access import Permissions
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.settings import ProxmoxConfig
    from proxtui.pve.stages import Diagnosis

Texts = Mapping[str, str]
"""What stands in the fields, by their names."""
Problems = dict[str, str]
"""What is wrong, by field; under an empty name what belongs to none."""

TOKEN, LOGIN = "API token", "user and password"
UNTRIED = "the login comes later"
RIGHTS = (
    ("see guests", "VM.Audit", "/vms"),
    ("start and stop them", "VM.PowerMgmt", "/vms"),
    ("change them", "VM.Config.Options", "/vms"),
    ("make and destroy them", "VM.Allocate", "/vms"),
    ("take snapshots", "VM.Snapshot", "/vms"),
    ("open consoles", "VM.Console", "/vms"),
    ("see nodes", "Sys.Audit", "/nodes"),
    ("see storages", "Datastore.Audit", "/storage"),
)
"""What people want to do, the privilege that it needs, and where."""


@dataclass(frozen=True)
class Answers:
    """All that was said so far. Secrets are not in the ``repr``."""

    address: str = ""
    trust: TlsTrust = field(default_factory=TlsTrust)
    credentials: Credentials = field(default_factory=Credentials)
    totp: str = field(default="", repr=False)
    """Good for one login; kept nowhere."""

    @property
    def server(self) -> Server:
        """The server as far as it is known. ValueError when it cannot be meant."""
        endpoint = Endpoint(host=self.address)
        return Server(
            name=short_name(endpoint.host), endpoints=(endpoint,), trust=self.trust, credentials=self.credentials
        )

    def config(self) -> ProxmoxConfig:
        """What a test of it needs."""
        from proxtui.core.connecting import proxmox_config

        return proxmox_config(self.server, self.server.endpoints[0])

    def plain(self, texts: Texts) -> Plain:
        """The configuration with this one server; ``texts`` are those of the page of names."""
        server, said = self.server, self.credentials
        secrets = {"password": said.password, "token_secret": said.token_secret}
        words = {"token_id": said.token_id} if said.token_id else {"username": said.username, "realm": said.realm}
        kept: dict[str, Any] = {
            "endpoints": [{"host": one.host, "port": one.port} for one in server.endpoints],
            "trust": {"mode": self.trust.mode},
            "credentials": words | {name: held.get_secret_value() for name, held in secrets.items() if held},
        }
        if self.trust.fingerprints:
            kept["trust"]["fingerprints"] = list(self.trust.fingerprints)
        tenant = {"name": texts["tenant"].strip(), "servers": {texts["server"].strip(): kept}}
        return {"tenants": {texts["slug"].strip(): tenant}}


def address_problems(texts: Texts) -> Problems:
    """Of the page of the address."""
    if not texts["address"].strip():
        return {"address": "is needed"}
    try:
        Answers(address=texts["address"].strip()).config()
    except InvalidInput as error:
        return {"address": error.rule}
    except ValueError as error:
        return {"address": str(error)}
    return {}


def credentials_of(texts: Texts) -> Credentials:
    """Of the page of the login. ValueError when they do not belong together."""
    if texts["how"] == TOKEN:
        return Credentials(token_id=texts["token_id"].strip(), token_secret=Secret(texts["token_secret"].strip()))
    user, _, realm = texts["username"].strip().partition("@")
    return Credentials(username=user, realm=realm or "pam", password=Secret(texts["password"]))


def credential_problems(texts: Texts, answers: Answers) -> Problems:
    """Of the page of the login."""
    needed = ("token_id", "token_secret") if texts["how"] == TOKEN else ("username", "password")
    found = {name: "is needed" for name in needed if not texts[name].strip()}
    if found:
        return found
    try:
        replace(answers, credentials=credentials_of(texts)).config()
    except InvalidInput as error:
        return {"username" if error.field == "realm" else error.field: error.rule}
    except ValueError as error:
        return {"": str(error)}
    return {}


def name_problems(texts: Texts) -> Problems:
    """Of the page of names."""
    found: Problems = {}
    for name in ("tenant", "slug", "server"):
        try:
            if name == "tenant":
                title("tenant", texts[name])
            else:
                refuse_no_slug(name, texts[name].strip())
        except ValueError as error:
            found[name] = str(error).partition(": ")[2]
    return found


def passphrase_problems(texts: Texts) -> Problems:
    """Of the page of the passphrase."""
    from proxtui.config.vault.slots import new_passphrase, passphrase

    found: Problems = {}
    label = texts["label"].strip()
    if not (1 <= len(label) <= 80 and label.isprintable()):
        found["label"] = "needs 1 to 80 printable characters"
    try:
        made = new_passphrase(texts["passphrase"])
    except UsageError as error:
        return found | {"passphrase": str(error).removeprefix("a passphrase ")}
    if passphrase(texts["again"]) != made:
        found["again"] = "is not the same"
    return found


def reached(found: Diagnosis) -> bool:
    """Whether PVE's own proxy is known to answer there."""
    return any(stage.name == "answer" and stage.state == "ok" for stage in found.stages)


def slug_of(name: str) -> str:
    """A slug for the name of a tenant; empty where it has no letter for one."""
    return short_name(name.replace(".", "-")) if any(sign.isascii() and sign.isalnum() for sign in name) else ""


class Granted:
    """What the login may do, as far as it could be asked."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()

    async def look(self, client: ProxmoxClient) -> None:
        """``GET /access/permissions`` of ourselves."""
        from proxtui.pve.access import AccessTools

        try:
            self.lines = rights_lines(await AccessTools(client).permissions())
        except ProxtuiError as error:
            self.lines = (f"what it may do is not known: {error}",)


def rights_lines(permissions: Permissions) -> tuple[str, ...]:
    """What it may do, may do in places, and may not do, a line each."""
    if not permissions:
        return ("it may do nothing yet: give it a role, as in `pveum acl modify / --tokens ID --roles PVEAuditor`",)
    told: dict[str, list[str]] = {"may": [], "in places": [], "may not": []}
    for words, privilege, path in RIGHTS:
        told[_how_far(permissions, privilege, path)].append(words)
    return tuple(f"{lead}: {', '.join(words)}" for lead, words in told.items() if words)


def _how_far(permissions: Permissions, privilege: str, path: str) -> str:
    gaps = permissions.gaps(path, privilege)
    if not gaps:
        return "may"
    held = any(privilege in privileges for at, privileges in permissions.paths.items() if at.startswith(path))
    return "in places" if held or permissions.allows(path, privilege) else "may not"
