"""``/cluster/ha/resources``: put guests under the care of the HA manager, and ask it for things."""

from __future__ import annotations

import re
from typing import Any

from proxtui.sim import work_nodes
from proxtui.sim.api import Call, Refused, failed
from proxtui.sim.routes.ha import resource_digest, resources, sid
from proxtui.sim.state import Guest
from proxtui.sim.views import Row

MORE = ("max_restart", "max_relocate", "comment", "failback")


def _number(text: str) -> int:
    """``vm:100``, ``ct:200`` or ``100``. Raises the 400 of anything else."""
    match = re.fullmatch(r"(?:(?:vm|ct):)?(\d{3,9})", text)
    if match is None:
        raise Refused(
            400,
            "Parameter verification failed.",
            errors={"sid": f"invalid format - value '{text}' is not a valid sid\n"},
        )
    return int(match[1])


def _service(call: Call, text: str) -> Guest:
    """A guest that is managed."""
    guest = call.site.guests.get(_number(text))
    if guest is None or not guest.ha or text not in (sid(guest), str(guest.vmid)):
        name = text if ":" in text else f"vm:{text}"
        raise failed(f"no such resource '{name}'")
    return guest


def _writable(call: Call, what: str) -> None:
    if not call.site.quorate:
        raise failed(f"{what}: cfs-lock 'domain-ha' error: no quorum!")


def one(call: Call) -> Row:
    guest = _service(call, call.path["sid"])
    return next(row for row in resources(call) if row["sid"] == sid(guest))


def add(call: Call) -> None:
    """Manage a guest; the manager does what its state asks for."""
    text, number = call.params["sid"], _number(call.params["sid"])
    guest = call.site.guests.get(number)
    if guest is None or (":" in text and text != sid(guest)):
        word = "CT" if text.startswith("ct") else "VM"
        raise failed(
            f"cannot add service '{text}', {word} {number} does not exist"
            if guest is None
            else f"wrong type for service '{text}', guest {number} is a {'VM' if guest.kind == 'qemu' else 'CT'}"
        )
    _writable(call, "create resource failed")
    if guest.ha:
        raise failed(f"resource ID '{sid(guest)}' already defined")
    _group(call)
    guest.ha_options = {name: call.params[name] for name in MORE if name in call.params}
    guest.ha_group = call.params.get("group")
    work_nodes.wish(call.site, guest, call.params.get("state", "started"))


def _group(call: Call) -> None:
    name = call.params.get("group")
    if name is None:
        return
    if call.site.modern:
        raise failed("cannot use group: ha groups have been migrated to rules")
    if all(group.name != name for group in call.site.ha_groups):
        raise failed(f"HA group '{name}' does not exist")


def change(call: Call) -> None:
    guest = _service(call, call.path["sid"])
    _writable(call, "update resource failed")
    if call.params.get("digest") not in (None, resource_digest(call.site)):
        raise failed("detected modified configuration - file changed by other user? Try again.")
    _group(call)
    options: dict[str, Any] = dict(guest.ha_options or {"max_restart": 1, "max_relocate": 1})
    for name in str(call.params.get("delete", "")).replace(";", ",").split(","):
        options.pop(name.strip(), None)
        guest.ha_group = None if name.strip() == "group" else guest.ha_group
    guest.ha_options = options | {name: call.params[name] for name in MORE if name in call.params}
    guest.ha_group = call.params.get("group", guest.ha_group)
    if "state" in call.params:
        work_nodes.wish(call.site, guest, call.params["state"])


def remove(call: Call) -> None:
    guest = _service(call, call.path["sid"])
    _writable(call, "delete resource failed")
    guest.ha = guest.ha_group = guest.ha_options = None
    call.site.changed()


def migrate(call: Call) -> Row | None:
    """Ask the manager to move a service; 9.x says what was asked."""
    guest = _service(call, call.path["sid"])
    target = call.site.nodes.get(call.params["node"])
    if target is None:
        raise failed(f"no such cluster node '{call.params['node']}'")
    call.quorum()
    if target.name == guest.node:
        raise failed(f"service '{sid(guest)}' already on node '{target.name}'")
    work_nodes.relocate(call.site, guest, target)
    return {"sid": sid(guest), "requested-node": target.name} if call.site.modern else None
