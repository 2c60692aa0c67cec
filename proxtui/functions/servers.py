"""``proxmox-servers`` and ``connectivity-test``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from proxtui.config.models import Place, Server
from proxtui.core.redact import redact
from proxtui.features.servers import checking, service
from proxtui.features.servers.models import NewServer, ServerChange
from proxtui.features.servers.spelling import plain_server
from proxtui.functions.desk import Desk
from proxtui.functions.shapes import Call, Done, Function, Request, Response, Slug

Port = Annotated[int, Field(ge=1, le=65_535)]
Words = Annotated[str, Field(max_length=300)]


class ListServers(Request):
    """All servers, or those of a tenant; those that are switched off too."""

    action: Literal["list"]
    tenant_id: Slug | None = None


class CreateServer(Request):
    """It is asked before it is saved, unless ``test`` is false. ``fingerprint`` is of a certificate to trust."""

    action: Literal["create"]
    tenant_id: Slug
    name: Words
    host: Words
    port: Port
    api_token: SecretStr
    use_tailscale: bool | None = None
    tailscale_hostname: Words | None = None
    connection_timeout: int | None = None
    fingerprint: Words | None = None
    test: bool = True


class UpdateServer(Request):
    """What is not said stays as it is."""

    action: Literal["update"]
    server_id: Slug
    name: Words | None = None
    host: Words | None = None
    port: Port | None = None
    api_token: SecretStr | None = None
    is_active: bool | None = None
    use_tailscale: bool | None = None
    tailscale_hostname: Words | None = None
    connection_timeout: int | None = None
    fingerprint: Words | None = None


class DeleteServer(Request):
    """Its token is still good in PVE."""

    action: Literal["delete"]
    server_id: Slug


class HealthCheck(Request):
    """Ask it now, on every way to it."""

    action: Literal["health-check"]
    server_id: Slug


class ConnectivityTest(Request):
    """``connectivity-test``: nothing is saved. ``fingerprint`` is of a certificate to trust."""

    host: Words
    port: Port
    api_token: SecretStr
    use_tailscale: bool | None = None
    tailscale_hostname: Words | None = None
    fingerprint: Words | None = None


class ServerShown(Response):
    """A server without its secrets; ``connectionTimeout`` in milliseconds."""

    id: str
    tenant_id: str
    name: str
    host: str
    port: int
    token_id: str | None
    use_tailscale: bool
    tailscale_hostname: str | None
    connection_timeout: int
    is_active: bool
    trust: str
    fingerprints: list[str]


class ServerList(Response):
    """``list``."""

    servers: list[ServerShown]


class ServerSaved(Response):
    """``create`` and ``update``."""

    server: ServerShown


class Health(Response):
    """``health-check``. ``responseTime`` in milliseconds; ``fingerprint`` of the certificate that it shows."""

    success: bool
    status: Literal["online", "offline", "untrusted", "refused", "off"]
    response_time: float | None
    version: str | None
    node_count: int | None
    path: str | None
    fingerprint: str | None
    error: str | None


class Connectivity(Response):
    """``connectivity-test``. An untrusted certificate is no success: its ``fingerprint``, and no token was sent."""

    success: bool
    response_time: float | None
    version: str | None
    error: str | None
    fingerprint: str | None
    advice: str | None


async def list_servers(desk: Desk, asked: ListServers) -> ServerList:
    """No server is asked."""
    desk.check_tenant(asked.tenant_id)
    every = desk.known.servers()
    return ServerList(servers=[shown(*one) for one in every if asked.tenant_id in (None, one[0].tenant)])


async def create_server(desk: Desk, asked: CreateServer) -> ServerSaved:
    """``Untrusted`` (500) with the certificate, or what else the test found; then it is saved."""
    async with desk.registrar() as registrar:
        new = NewServer(tenant=asked.tenant_id, name=asked.name, **_ways(asked))
        server, _ = service.wanted(registrar.config, new)
        if asked.test:
            await checking.tried(Place(new.tenant, new.name), server, desk.diagnose)
        entry = await service.add(registrar, new)
    return ServerSaved(server=shown(entry.place, entry.server))


async def update_server(desk: Desk, asked: UpdateServer) -> ServerSaved:
    """What was said is changed."""
    async with desk.registrar() as registrar:
        name = "/".join(desk.server(asked.server_id)[0])
        said: dict[str, Any] = {one: getattr(asked, one) for one in ("name", "is_active")}
        change = ServerChange(**{one: value for one, value in said.items() if value is not None}, **_ways(asked))
        entry = await service.update(registrar, name, change)
    return ServerSaved(server=shown(entry.place, entry.server))


async def delete_server(desk: Desk, asked: DeleteServer) -> Done:
    """Out of the configuration."""
    async with desk.registrar() as registrar:
        await service.delete(registrar, "/".join(desk.server(asked.server_id)[0]))
    return Done()


async def health_check(desk: Desk, asked: HealthCheck) -> Health:
    """One way after the other until one answers."""
    found = await checking.check(*desk.server(asked.server_id), desk.diagnose)
    return Health(
        success=found.state == "online",
        status=found.state,
        response_time=found.ms,
        version=found.version,
        node_count=found.nodes,
        path=found.path or None,
        fingerprint=found.certificate.fingerprint if found.certificate else None,
        error=found.error or None,
    )


async def test_connectivity(desk: Desk, asked: ConnectivityTest) -> Connectivity:
    """The same for a server that is not configured."""
    new = NewServer(tenant="test", name="test", **_ways(asked))
    server = service.made_of(new.tenant, new.name, plain_server(new))
    found = await checking.check(Place(new.tenant, new.name), server, desk.diagnose)
    return Connectivity(
        success=found.state == "online",
        response_time=found.ms,
        version=found.version,
        error=found.error or None,
        fingerprint=found.certificate.fingerprint if found.certificate else None,
        advice=found.advice or None,
    )


def shown(place: Place, server: Server) -> ServerShown:
    """What is configured of it, as it counts."""
    first = server.endpoints[0]
    return ServerShown(
        id="/".join(place),
        tenant_id=place.tenant,
        name=place.server,
        host=first.host,
        port=first.port,
        token_id=server.credentials.token_id,
        use_tailscale=server.use_tailscale,
        tailscale_hostname=server.tailscale_hostname,
        connection_timeout=server.deadline_ms,
        is_active=server.is_active,
        trust=server.trust.mode,
        fingerprints=list(server.trust.fingerprints),
    )


def _ways(asked: CreateServer | UpdateServer | ConnectivityTest) -> dict[str, Any]:
    """What requests say of the ways to a server, by the names of ours."""
    token = asked.api_token.get_secret_value() if asked.api_token is not None else None
    redact.hide(token, (token or "").rpartition("=")[2])
    said = {
        "host": asked.host,
        "port": asked.port,
        "token_secret": token,
        "use_tailscale": asked.use_tailscale,
        "tailscale_hostname": asked.tailscale_hostname,
        "timeout_ms": getattr(asked, "connection_timeout", None),
        "fingerprints": [asked.fingerprint] if asked.fingerprint else None,
    }
    return {name: value for name, value in said.items() if value is not None}


PROXMOX_SERVERS = Function(
    "proxmox-servers",
    Call(ListServers, ServerList, list_servers),
    Call(CreateServer, ServerSaved, create_server),
    Call(UpdateServer, ServerSaved, update_server),
    Call(DeleteServer, Done, delete_server),
    Call(HealthCheck, Health, health_check),
)
CONNECTIVITY_TEST = Function("connectivity-test", Call(ConnectivityTest, Connectivity, test_connectivity))
