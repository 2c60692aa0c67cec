"""HA: which guests it looks after, and where it is to bring them."""

from __future__ import annotations

from typing import Any

from proxtui.errors import ApiError, UnexpectedAnswer
from proxtui.pve import params
from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of, objects
from proxtui.pve.paths import path
from proxtui.pve.sending import changer
from proxtui.pve.validators import InputValidator

RESOURCES = "/cluster/ha/resources"


class HaTools:
    """Changes what HA does; each needs Sys.Console on ``/``. ``ClusterTools`` reads it.

    PVE answers at once with nothing: that HA has heard of it. What comes of it shows in ``ClusterTools.ha_status``,
    some ten seconds later.
    """

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def add_ha_resource(self, params: params.HaParams) -> None:
        """``POST /cluster/ha/resources``. With ``started``, which is the default, HA starts the guest."""
        await changer(self._client).post(RESOURCES, params.form())

    async def update_ha_resource(self, sid: str, digest: str | None = None, **changes: Any) -> None:
        """``PUT /cluster/ha/resources/{sid}``: the fields of ``HaUpdateParams``. ``stopped`` stops the guest.

        The digest that goes with it is read when not given: ``ConflictError`` when somebody else was faster.
        """
        where, form = _path(sid), params.HaUpdateParams(**changes).form()
        form["digest"] = digest if digest is not None else await self._digest(where)
        await changer(self._client).put(where, form)

    async def remove_ha_resource(self, sid: str) -> None:
        """``DELETE /cluster/ha/resources/{sid}``: HA leaves the guest alone, as it is now."""
        await changer(self._client).delete(_path(sid))

    async def migrate_ha(self, sid: str, node: str) -> tuple[str, ...]:
        """``POST .../{sid}/migrate``: online, where the guest can. Gives the resources that go along (9.x: by rules).

        ``ApiError`` when a rule keeps it from there: 9.x says so in a good answer, and moves nothing.
        """
        return await self._move(sid, node, "migrate")

    async def relocate_ha(self, sid: str, node: str) -> tuple[str, ...]:
        """``POST .../{sid}/relocate``: stopped here, started there; else as ``migrate_ha``."""
        return await self._move(sid, node, "relocate")

    async def _move(self, sid: str, node: str, how: str) -> tuple[str, ...]:
        where = _path(sid, how)
        answer = await changer(self._client).post(where, {"node": InputValidator.check_node_name(node)})
        told = Row(answer) if isinstance(answer, dict) else Row({})
        rows = [row for row in objects(told.items("blocking-resources")) if row is not None]
        if rows:
            others = ", ".join(row.text("sid") or "another one" for row in rows)
            raise ApiError(f"{sid} stays: it may not be beside {others}", status=200, method="POST", path=where)
        return told.strings("comigrated-resources")

    async def _digest(self, where: str) -> str:
        digest = object_of(await self._client.get(where), where).get("digest")
        if not isinstance(digest, str) or not digest:
            # Without it a change could undo somebody else's; none is made.
            raise UnexpectedAnswer("the resource came without a digest", method="GET", path=where)
        return digest


def _path(sid: str, *rest: str) -> str:
    return path("cluster", "ha", "resources", InputValidator.check_sid(sid), *rest)
