"""The fingerprints of all nodes, told by one that is trusted already: nobody has to look at each of them."""

from __future__ import annotations

import logging

from proxtui.errors import ApiError, InvalidInput
from proxtui.pve.asking import Asker
from proxtui.pve.fields import object_of, objects, rows_of
from proxtui.pve.nodes import NodeTools
from proxtui.pve.settings import normal_fingerprint

log = logging.getLogger(__name__)

JOIN = "/cluster/config/join"
_OWN = ("pveproxy-ssl.pem", "pve-ssl.pem")
"""What pveproxy shows: a certificate of one's own (ACME, say), or else the one that the cluster made."""


async def fetch_fingerprints(client: Asker) -> dict[str, str]:
    """The SHA-256 of the certificate that each node shows, by node; those that cannot be told are left out.

    ``GET /cluster/config/join`` (Sys.Audit on ``/``; clusters only), then ``GET /nodes`` and for each node that is
    still missing ``GET /nodes/{node}/certificates/info``, which needs no privilege. Only as good as the trust in who
    answers: ask through a connection whose certificate was checked. ``ProxtuiError`` when ``/nodes`` fails.
    """
    found = await _told_to_who_joins(client)
    rows = objects(rows_of(await client.get("/nodes"), "/nodes"))
    for row in rows:
        name = None if row is None else row.node("node")
        if row is not None and name is not None and name not in found and row.text("status") != "offline":
            seen = await _of_node(client, name)
            if seen is not None:
                found[name] = seen
    return dict(sorted(found.items()))


async def _told_to_who_joins(client: Asker) -> dict[str, str]:
    try:
        data = object_of(await client.get(JOIN), JOIN)
    except ApiError as error:
        # A node that stands alone says 424 or 500 here, and not everybody may ask.
        log.info("%s: %s", JOIN, error)
        return {}
    nodes = data.get("nodelist")
    rows = [row for row in objects(nodes if isinstance(nodes, list) else []) if row is not None]
    told = {name: _normal(row.text("pve_fp")) for row in rows if (name := row.node("name")) is not None}
    return {name: seen for name, seen in told.items() if seen is not None}


async def _of_node(client: Asker, node: str) -> str | None:
    try:
        listed = {one.filename: one for one in await NodeTools(client).get_node_certificates(node)}
    except ApiError as error:
        log.info("certificates of %s: %s", node, error)
        return None
    shown = next((listed[name] for name in _OWN if name in listed), None)
    return None if shown is None else _normal(shown.fingerprint)


def _normal(text: str | None) -> str | None:
    try:
        return None if text is None else normal_fingerprint(text)
    except InvalidInput:
        return None
