"""Started by test_hostile in a terminal of its own: every widget of the toolbox with text that means harm."""

from __future__ import annotations

import sys

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static

from proxtui.core.rows import Tone
from proxtui.kit.app import LiveApp
from proxtui.kit.chart import LiveChart
from proxtui.kit.header_bar import HeaderBar, Headline
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import Notice
from tests.kit.fakes import COLUMNS, FakeRuntime, Row, ScreenApp

HOSTILE = (
    "PWNED1\x1b[2J",
    "PWNED2\x1b]0;PWNED-TITLE\x07",
    "PWNED3\x1b]52;c;UFdORUQ=\x1b\\",
    "PWNED4\x1bP+q544e\x1b\\",
    "PWNED5\x9b2J\x9d0;x\x9c",
    "PWNED6\u202eevil\u2066\u200b\ufeff\U000e0041",
    "PWNED7\x00\x7f\x08\r\n\t",
    "PWNED8[@click=app.quit]x[/]",
    "PWNED9[/foo]",
    "PWNEDa[bold]b[/bold]",
    "PWNEDb\u2028\u2029x",
)


class Hostile(Screen[None]):
    def compose(self) -> ComposeResult:
        yield HeaderBar()
        notice = Notice(id="n")
        yield notice
        yield LiveTable(COLUMNS, sort="vmid", empty=HOSTILE[0])
        chart = LiveChart(HOSTILE[1])
        chart.styles.height = 4
        yield chart
        static = Static("".join(HOSTILE), markup=False)
        static.styles.height = 3
        yield static
        field = Input("".join(HOSTILE), compact=True)
        field.cursor_blink = False
        yield field

    def on_mount(self) -> None:
        rows = [Row(number, text, tags=(text,)) for number, text in enumerate(HOSTILE)]
        self.query_one(LiveTable).set_rows(rows)
        self.query_one(LiveTable).focus()
        self.query_one(HeaderBar).tell(
            Headline(trail=HOSTILE[:3], summary=HOSTILE[3], freshness=(HOSTILE[4], Tone.BAD))
        )
        self.query_one(Notice).say(HOSTILE[5], Tone.WARN)
        self.query_one(LiveChart).set_series(HOSTILE[2], [0.0, 60.0, 120.0], [1.0, None, 2.0], unit=HOSTILE[0])


class HostileApp(LiveApp):
    BINDINGS = [("q", "quit", "Quit"), ("x", "crash", "Crash")]  # noqa: RUF012 - a list is how Textual wants it

    def get_default_screen(self) -> Hostile:
        return Hostile()

    def action_crash(self) -> None:
        secret = "LOCAL" + "SECRET"
        raise RuntimeError(f"a bug of {len(secret)} letters")


def main() -> None:
    kind, *options = sys.argv[1:]
    ascii_only = "ascii" in options
    app = HostileApp(ascii_only=ascii_only) if kind == "hostile" else ScreenApp(FakeRuntime(), ascii_only=ascii_only)
    app.run()
    if app.crash is not None:
        sys.stdout.write(f"CRASHED {type(app.crash).__name__}\n")
    sys.exit(app.return_code or 0)


if __name__ == "__main__":
    main()
