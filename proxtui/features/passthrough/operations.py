"""The one change that sends whatever it is told; no menu offers it, rules name it as all others."""

from __future__ import annotations

from proxtui.config.models import Role
from proxtui.core.operation import Kind, Operation, Risk

PROXMOX_API = Operation(
    name="call.proxmox-api",
    label="Send request",
    summary="Send any request that changes something to PVE's API.",
    kinds=frozenset({Kind.SERVER}),
    risk=Risk.DESTROYS,
    role=Role.ADMIN,
    is_any=True,
    privileges=(),
    run_by="proxtui.features.passthrough.service:send",
    params_by="proxtui.features.passthrough.models:RequestParams",
    audited=frozenset({"method", "template"}),
)
OPERATIONS = (PROXMOX_API,)
