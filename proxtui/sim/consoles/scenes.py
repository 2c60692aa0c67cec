"""What is on a virtual machine's screen: it boots, waits for a login, shows a picture, or has panicked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from proxtui.pve.rfb.words import Key
from proxtui.sim.consoles.getty import Getty
from proxtui.sim.consoles.screens import VGA, Picture, TextScreen
from proxtui.sim.state import Guest

BIOS: Final = (
    (0.0, "SeaBIOS (version rel-1.16.3-0-simulated)\n"),
    (0.2, "Machine UUID {uuid}\n\n"),
    (0.4, "iPXE (https://ipxe.org) 00:12.0 CA00 PCI2.10 PnP PMM\n\n"),
    (0.8, "Press ESC for boot menu.\n\n"),
    (1.6, "Booting from Hard Disk...\n"),
    (2.2, "\x1b[2J\x1b[H"),
)
KERNEL: Final = (
    "Linux version 6.12.48 (simulated)",
    "Command line: BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro quiet",
    "BIOS-provided physical RAM map: {memory} MiB",
    "smpboot: Allowing {cores} CPUs, 0 hotplug CPUs",
    "Mount-cache hash table entries: 4096",
    "virtio_net virtio2 ens18: renamed from eth0",
    "sd 2:0:0:0: [sda] Attached SCSI disk",
    "EXT4-fs (sda1): mounted filesystem with ordered data mode",
    "systemd[1]: Hostname set to <{name}>.",
    "systemd[1]: Reached target multi-user.target - Multi-User System.",
)
PANIC: Final = (
    "[  421.338102] BUG: unable to handle page fault for address: ffffffffc0a1e000",
    "[  421.338117] #PF: supervisor write access in kernel mode",
    "[  421.338131] Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "[  421.338144] CPU: 0 PID: 1 Comm: systemd Not tainted 6.12.48 #1",
    "[  421.338158] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996)",
    "[  421.338170] Call Trace:",
    "[  421.338182]  <TASK>",
    "[  421.338195]  do_exit+0x8d7/0xb10",
    "[  421.338207]  do_group_exit+0x2e/0x80",
    "[  421.338220]  </TASK>",
    "[  421.338233] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
    "[  421.338251] ---[ end Kernel panic - not syncing: Attempted to kill init! ]---",
)
PIECES: Final = 16
"""Pieces of output that one look at the screen takes up; a flood goes on at the next."""
SCENES: Final = ("boot", "picture", "panic")


class Scene:
    """A screen that changes with time and with keys. Times are seconds of the simulator's clock."""

    def __init__(self, screen: Picture) -> None:
        self.screen = screen
        self._held: set[int] = set()

    def draw(self, moment: float) -> None:
        """Bring the screen to ``moment``."""

    def typed(self, text: str) -> None:
        """Characters from the keyboard."""

    def reboot(self, moment: float) -> None:
        """What ctrl-alt-del does."""

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """The mouse is there now."""

    def key(self, keysym: int, down: bool, moment: float) -> None:
        """A key went down or came up."""
        self.draw(moment)
        if not down:
            self._held.discard(keysym)
            return
        self._held.add(keysym)
        if self._held >= {Key.CONTROL, Key.ALT, Key.DELETE}:
            self.reboot(moment)
        else:
            self.typed(_letter(keysym, Key.CONTROL in self._held))


def _letter(keysym: int, control: bool) -> str:
    special = {Key.RETURN: "\r", Key.BACKSPACE: "\x7f", Key.TAB: "\t", Key.ESCAPE: "\x1b"}
    if keysym in special:
        return special[Key(keysym)]
    if not 0x20 <= keysym < 0x100:
        return ""
    return chr(keysym & 0x1F) if control else chr(keysym)


class Boot(Scene):
    """Firmware, kernel, and a login prompt at which one can type."""

    def __init__(self, guest: Guest, started: float) -> None:
        self.text = TextScreen()
        super().__init__(self.text)
        facts = {"uuid": guest.uuid, "memory": guest.maxmem >> 20, "cores": guest.cores, "name": guest.name}
        self._steps = [(at, text.format(**facts)) for at, text in BIOS]
        self._steps += [
            (2.4 + n * 0.3, f"[{2.4 + n * 0.3:12.6f}] {text.format(**facts)}\n") for n, text in enumerate(KERNEL)
        ]
        self._steps.append((6.0, f"\nDebian GNU/Linux 13 {guest.name} tty1\n\n"))
        self._name = guest.name
        self.reboot(started)

    def reboot(self, moment: float) -> None:
        """Start again."""
        self.text.clear()
        self._started, self._done, self._getty = moment, 0, None
        self._blink = False

    _getty: Getty | None

    def draw(self, moment: float) -> None:
        """Show what came since the last time."""
        self.text.cursor(False)
        age = moment - self._started
        while self._done < len(self._steps) and self._steps[self._done][0] <= age:
            self.text.write(self._steps[self._done][1].replace("\n", "\r\n"))
            self._done += 1
        if self._done == len(self._steps) and self._getty is None:
            self._getty = Getty(self._name)
        pieces = 0
        while self._getty is not None and pieces < PIECES and (piece := self._getty.take()):
            self.text.write(piece.decode("utf-8", "replace"))
            pieces += 1
        self.text.cursor(moment % 1.0 < 0.5)

    def typed(self, text: str) -> None:
        """Keys before the prompt are lost, as on a machine that boots."""
        if self._getty is not None and text:
            self._getty.feed(text.encode())


class Panic(Scene):
    """A kernel that died; only ctrl-alt-del would help, and does not."""

    def __init__(self) -> None:
        screen = TextScreen()
        screen.write("\r\n".join(PANIC) + "\r\n")
        super().__init__(screen)


class Moving(Scene):
    """Bars, a ball that moves with time, a clock, and what was typed."""

    def __init__(self, guest: Guest, started: float) -> None:
        super().__init__(Picture(640, 480, (*VGA, *((n, n // 2, 255 - n) for n in range(0, 256, 4)))))
        self._title = f"{guest.name} ({guest.vmid})"
        self._typed = ""
        self._at: tuple[int, int] | None = None
        self._started = started
        for place in range(64):
            self.screen.fill(place * 10, 0, 10, 480, 16 + place)
        self._ground = bytes(self.screen.pixels)

    def draw(self, moment: float) -> None:
        """The ball crosses the screen in eight seconds."""
        screen = self.screen
        screen.pixels[:] = self._ground
        screen.fill(0, 0, 640, 24, 0)
        clock = time.strftime("%H:%M:%S", time.gmtime(moment))
        screen.text(8, 4, f"{self._title}  {clock}", 15, 0)
        age = moment - self._started
        x, y = _bounce(age * 80, 600), 40 + _bounce(age * 60, 380)
        screen.fill(x, y, 40, 40, 15)
        screen.fill(x + 4, y + 4, 32, 32, 4)
        screen.text(8, 456, self._typed[-60:], 14, 1)
        if self._at is not None:
            screen.fill(self._at[0] - 3, self._at[1] - 3, 7, 7, 10)

    def typed(self, text: str) -> None:
        """Shown at the bottom."""
        if text == "\x7f":
            self._typed = self._typed[:-1]
        else:
            self._typed += "".join(letter for letter in text if letter >= " ")

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """A green dot."""
        self._at = (x, y)

    def reboot(self, moment: float) -> None:
        """Forget what was typed, and begin anew."""
        self._typed, self._started = "", moment


def _bounce(way: float, most: int) -> int:
    place = int(way) % (2 * most)
    return place if place < most else 2 * most - place


class Terminal(Scene):
    """A terminal drawn as a picture, as vncterm does for containers, nodes and serial ports."""

    def __init__(self, getty: Getty) -> None:
        self.text = TextScreen()
        super().__init__(self.text)
        self.getty = getty

    def draw(self, moment: float) -> None:
        """Show what the terminal said."""
        self.text.cursor(False)
        pieces = 0
        while pieces < PIECES and (piece := self.getty.take()):
            self.text.write(piece.decode("utf-8", "replace"))
            pieces += 1
        self.text.cursor(True)

    def typed(self, text: str) -> None:
        """Into the terminal."""
        if text:
            self.getty.feed(text.encode())


def scene_of(guest: Guest, moment: float, chosen: str | None) -> Scene:
    """The scene of a virtual machine: the one that was chosen, or one that fits its state."""
    started = guest.started_at(moment) or moment
    if chosen is None:
        broken = guest.agent and not guest.agent_up
        chosen = "panic" if broken else "picture" if guest.ostype.startswith("win") else "boot"
    makers: dict[str, Callable[[], Scene]] = {
        "boot": lambda: Boot(guest, started),
        "picture": lambda: Moving(guest, started),
        "panic": Panic,
    }
    return makers[chosen]()
