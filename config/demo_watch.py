"""Starts the demo where it is not complete, shows how far it is, and says where raters can go."""

import time
from collections.abc import Callable

from django.db import DatabaseError, connection

from config.progress import Console

SECONDS = 1.0  # between two looks


class DemoWatch:
    """Looked after by the launcher's loop; every call is short."""

    def __init__(self, console: Console, is_ready: Callable[[], bool]) -> None:
        self.console, self.is_ready = console, is_ready
        self.run_id: int | None = None
        self.finished = self.stopped = self.told = False
        self._next = 0.0

    def start(self) -> None:
        from studies import demo

        run = demo.start_as_job()
        if run is None:
            self.finished = True
            return
        self.run_id = run.pk
        self.console.say("The demo runs: walkers, anonymization, recognition, studies.")

    def look(self) -> None:
        """A look at the rows, at most one a second; a busy database is asked again next time."""
        if (self.told and self.finished) or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SECONDS
        try:
            self._show_progress()
            self._tell_address()
        except DatabaseError:
            connection.close()

    def _show_progress(self) -> None:
        from anonymizer.models import Run

        if self.finished or self.run_id is None:
            return
        run = Run.objects.get(pk=self.run_id)
        if run.is_finished:
            self._finish(run.status == Run.Status.SUCCEEDED, run.error)
            return
        if self.stopped:
            self.stopped = False
            self.console.say("The demo goes on.")
        self.console.progress(f"Demo: {run.stage}" if run.stage else "Demo", run.percent)

    def _finish(self, succeeded: bool, error: str) -> None:
        """A demo that succeeded is done with; one that stopped, somebody may let go on."""
        self.finished = succeeded
        if succeeded:
            self.console.say("The demo is complete.")
        elif not self.stopped:
            self.stopped = True
            how = "It goes on by “Go on” on the first page, or when the site is started again."
            self.console.say(f"The demo stopped: {error} {how}")

    def _tell_address(self) -> None:
        from studies import demo

        if self.told:
            return
        address = demo.rater_url()
        if address and self.is_ready():
            self.told = True
            self.console.say(f"Rate the demo's walks at {address}")
