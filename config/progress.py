"""Progress on a terminal as a bar that moves, into a file or pipe as a line every ten percent."""

import os
import sys

STEP = 10  # percent between two lines
BAR = 30  # characters


class Console:
    """Standard output, every line flushed. A reader who went away is no reason to stop."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.bar_drawn = False
        self.told = ("", -1)

    def say(self, text: str) -> None:
        self._write(f"{self._clear()}{text}\n")

    def complain(self, text: str) -> None:
        """One line on standard error."""
        self._write(self._clear())
        print(text, file=sys.stderr, flush=True)

    def progress(self, label: str, percent: int) -> None:
        if self.terminal:
            filled = BAR * percent // 100
            self._write(f"\r\033[K{label:<24.24} [{'#' * filled}{'·' * (BAR - filled)}] {percent:3d} %")
            self.bar_drawn = True
        elif (label, percent // STEP) != self.told:
            self.told = (label, percent // STEP)
            self._write(f"{label}: {percent // STEP * STEP} %\n")

    def _clear(self) -> str:
        drawn, self.bar_drawn = self.bar_drawn, False
        return "\r\033[K" if drawn else ""

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
