"""The verb ``connectivity-test``. It polls nothing: what is broken would only be asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, json_option


@click.command("connectivity-test")
@click.argument("servers", nargs=-1, metavar="[SERVER]...")
@json_option
@click.pass_obj
def connectivity_test(line: CommandLine, servers: Sequence[str], as_json: bool) -> int:
    """Test every way to a server, stage by stage, and say where it breaks.

    Name, route, TLS, first byte, login, cluster and nodes are measured apart. Without SERVER: all of them.
    A certificate that is not trusted is shown, and nothing is sent to it. A login is tried once.

    Exits 0 when all is well, 10 for the network and TLS, 11 for the login, 1 for nodes and quorum.
    """
    from proxtui.features.connectivity import rows
    from proxtui.features.connectivity.service import chosen, examine_all, worst_code

    opinions = asyncio.run(examine_all(chosen(line.configured(), servers)))
    if as_json:
        line.say({"rows": [rows.as_json(one) for one in opinions], "sources": []}, (), as_json=True)
    else:
        line.local(rows.COLUMNS, lambda: Found(rows.rows_of(opinions)), TableOptions())
    return worst_code(opinions)
