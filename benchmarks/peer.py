"""The library beside proxmoxer, which does the same work in blocking calls: all guests of a cluster."""

from __future__ import annotations

import asyncio
import importlib.util
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import fleet
from benchmarks.answerer import PASSWORD, Answerer, answering
from benchmarks.budgets import Figure, Result, Skipped
from benchmarks.measure import alternate, cpu_of_call
from proxtui.pve import ClusterTools, ProxmoxClient, ProxmoxConfig

ROUNDS = 5


def beside_proxmoxer(guests: int = 10_000, nodes: int = 50, rounds: int = ROUNDS) -> Iterator[Result]:
    """Log in and read every guest: requests, CPU and wall time of both."""
    if importlib.util.find_spec("proxmoxer") is None or importlib.util.find_spec("requests") is None:
        yield Skipped("all guests, beside proxmoxer", "not installed: pip install 'proxtui[bench]'")
        return
    rows = fleet.rows(guests, nodes=nodes)
    with answering([fleet.body(rows, seed=1)]) as server:
        ways: dict[str, Callable[[], int]] = {
            "proxtui": lambda: asyncio.run(_ours(server)),
            "one call": lambda: _one_call(server),
            "node by node": lambda: _node_by_node(server),
        }
        asked = {}
        for name, way in ways.items():
            assert way() == guests, f"{name} did not find all guests"
            asked[name] = sum(server.requests().values())
        clocks = {"CPU": cpu_of_call, "wall": _wall}
        for clock, measure in clocks.items():
            spent = alternate(
                {name: lambda _, way=way, measure=measure: measure(way) for name, way in ways.items()}, rounds
            )
            for peer in ("one call", "node by node"):
                beside = f"proxmoxer, {peer}"
                name = f"log in and read {guests} guests, {clock}, {peer}"
                yield Figure(name, spent["proxtui"] * 1000, "ms", None, spent[peer] * 1000, beside)
    for peer in ("one call", "node by node"):
        yield Figure(f"requests for all guests, {peer}", asked["proxtui"], "", None, asked[peer], f"proxmoxer, {peer}")


async def _ours(server: Answerer) -> int:
    config = ProxmoxConfig(
        host="127.0.0.1", port=server.port, username="root@pam", password=PASSWORD, fingerprints=(server.fingerprint,)
    )
    async with ProxmoxClient(config) as client:
        return len((await ClusterTools(client).inventory()).guests)


def _peer(server: Answerer) -> Any:
    from proxmoxer import ProxmoxAPI

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ProxmoxAPI(
            "127.0.0.1", port=server.port, user="root@pam", password=PASSWORD, verify_ssl=False, timeout=30
        )


def _one_call(server: Answerer) -> int:
    with warnings.catch_warnings():
        # It warns of the certificate, which is as old as the server: seconds.
        warnings.simplefilter("ignore")
        return sum("vmid" in row for row in _peer(server).cluster.resources.get())


def _node_by_node(server: Answerer) -> int:
    """As its own documentation begins: for every node its VMs, then its containers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = _peer(server)
        return sum(
            len(api.nodes(node["node"]).qemu.get()) + len(api.nodes(node["node"]).lxc.get()) for node in api.nodes.get()
        )


def _wall(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
