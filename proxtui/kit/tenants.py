"""The tenants: which there are and how they are, to switch between them; the colour of the one in scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.color import Color, ColorParseError

from proxtui.config.models import Config
from proxtui.core.model import Fleet, Scope
from proxtui.core.rows import Tone
from proxtui.kit.one_line import Notice

if TYPE_CHECKING:
    from proxtui.kit.console import Console
    from proxtui.kit.finder import Entry

LEAST_CONTRAST = 4.5
"""Between the colour of a tenant and the ground, as WCAG counts it; a weaker one is mixed with what is written."""
_STEPS = 8


async def choose_tenant(console: Console) -> None:
    """Show all of them with the states of their servers; enter goes there."""
    from proxtui.kit.finder import Finder
    from proxtui.kit.palette import HINT, Palette, PaletteInput
    from proxtui.kit.setup_view import closed_line

    entries = list(_entries(console, console.runtime.store.fleet(), console.runtime.config))
    palette = Palette(Finder(entries), console.obey)
    await console.app.push_screen(palette)
    palette.query_one("#palette").border_title = "tenants"
    palette.query_one(PaletteInput).placeholder = "part of its name"
    closed = closed_line(getattr(getattr(console.runtime, "registrar", None), "vault", None))
    palette.query_one(Notice).say("   ".join(one for one in (HINT, closed) if one), Tone.MUTED)


def _entries(console: Console, fleet: Fleet, config: Config) -> Iterator[Entry]:
    from proxtui.kit.finder import Entry

    names = {tenant.slug: tenant.name for tenant in config.tenants}
    for slug in dict.fromkeys(snapshot.ref.tenant for snapshot in fleet.snapshots):
        words = names.get(slug, "").lower()
        run = partial(console.narrow, Scope(slug))
        yield Entry("tenant", slug, states_of(fleet, slug), words=words, run=run)
    yield Entry("tenant", "all", "every tenant", run=partial(console.narrow, Scope()))


def states_of(fleet: Fleet, tenant: str) -> str:
    """``3 fresh, 1 down``."""
    counts = Counter(str(one.state) for one in fleet.snapshots if one.ref.tenant == tenant)
    return ", ".join(f"{count} {state}" for state, count in counts.most_common())


def tint_of(config: Config, scope: Scope) -> str:
    """The colour of the tenant in scope; empty without one."""
    slugs = {tenant.slug: tenant.colour for tenant in config.tenants}
    tenant = scope.tenant or (next(iter(slugs)) if len(slugs) == 1 else "")
    return slugs.get(tenant) or ""


def readable(tint: str, ground: Color, ink: Color) -> Color | None:
    """The tint on this ground, mixed with the ink as far as it takes to be read; None when it is no colour."""
    try:
        colour = Color.parse(tint)
    except ColorParseError:
        return None
    for step in range(_STEPS + 1):
        mixed = colour.blend(ink, step / _STEPS)
        if _apart(mixed, ground):
            return mixed
    return ink


def _apart(one: Color, other: Color) -> bool:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05) >= LEAST_CONTRAST


def _light(colour: Color) -> float:
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
