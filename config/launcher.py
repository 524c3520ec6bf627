"""What `make run` runs: the whole site on one machine, from an empty folder to a page that answers.

Checks the ground, migrates, collects the static files, starts the embedded broker (unless `REDIS_URL` names
one), the web server and a worker, makes the first administrator, starts the demo, and watches over all of it.
Everything it starts is in its process group and dies with it, `kill -9` included; the next start goes on from
the rows.
"""

import http.client
import os
import secrets
import signal
import string
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from config import lifeline, preflight
from config.broker import Broker, BrokerError
from config.children import Child
from config.preflight import Refusal
from config.progress import Console

LOOK_SECONDS = 0.25
ANSWER_SECONDS = 90.0  # for the first page; a busy machine is slow to import
HAND_OVER_SECONDS = 30.0  # a launcher that is stopping is waited for
JOBS_AT_ONCE = 2
RESET_PASSWORD = ".venv/bin/python manage.py changepassword admin"
STOP_WEB = [(signal.SIGTERM, 5.0)]
STOP_WORKER = [(signal.SIGQUIT, 4.0)]  # cold: its job is put back in the queue
WARM_SECONDS = 1.0  # for what the worker is just ending, besides the time the web server takes


class Stopped(BaseException):
    """Somebody asked the site to stop."""


class Launcher:
    """The running site. One `run()` is its whole life."""

    def __init__(self, settings: Any, console: Console) -> None:
        self.settings, self.console = settings, console
        self.var: Path = settings.VAR
        self.mark = str(self.var.resolve())
        self.broker: Broker | None = None
        self.web = Child("web server", gunicorn_command(), self.var / "logs" / "web.log", self.mark)
        self.worker = Child("worker", worker_command(settings), self.var / "logs" / "worker.log", self.mark)
        self.stopping = self.hurry = False
        self.under_make = lifeline.run_by_make()

    # --- Start -------------------------------------------------------------------------------------
    def run(self) -> int:
        """Until somebody stops it; the exit status."""
        self._listen_to_signals()
        held = self._hold_var()
        try:
            self._start()
            while True:
                self._look()
                time.sleep(LOOK_SECONDS)
        except Stopped:
            self.console.say("Stopping …")
            return 0
        except (Refusal, BrokerError) as problem:
            self.console.complain(str(problem))
            return 1
        finally:
            self.stopping = True
            lifeline.rewrite(held, f"{os.getpid()} stopping")
            self._stop()
            os.close(held)

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup stays nohup
                signal.signal(number, self._on_signal)
        if self.under_make:
            lifeline.die_with_parent(signal.SIGTERM)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first one stops the site in good order, the second one at once."""
        if self.stopping:
            self.hurry = True
            return
        self.stopping = True
        raise Stopped

    def _hold_var(self) -> int:
        """Be the only launcher on this folder. One that is on its way out is waited for."""
        deadline = time.monotonic() + HAND_OVER_SECONDS
        while True:
            try:
                return lifeline.hold(self.var / "launcher.lock", str(os.getpid()))
            except lifeline.Held as held:
                pid, _, state = str(held).partition(" ")
                if state != "stopping" or time.monotonic() > deadline:
                    raise Refusal(
                        f"GaitMOS is already running on {self.var} (process {pid}). Stop it (kill {pid}), "
                        "or start another one beside it: GAITMOS_VAR=/another/folder PORT=8001 make run"
                    ) from None
            time.sleep(0.1)

    def _start(self) -> None:
        lifeline.end_left_behind(self.mark)
        self._check_ground()
        self._start_broker()
        self._prepare_site()
        self.web.start()
        self.worker.start()
        self._wait_for_page()
        self.console.say(f"GaitMOS is at {self.settings.SITE_URL}/")
        self._tell_administrator()
        self._start_demo()

    def _check_ground(self) -> None:
        preflight.check_writable(self.var)
        preflight.check_disk(self.var)
        preflight.check_port(self.settings.PORT)
        if self.settings.REDIS_URL:
            preflight.check_redis(self.settings.REDIS_URL)

    def _start_broker(self) -> None:
        if self.settings.REDIS_URL:
            return
        log = self.var / "logs" / "broker.log"
        self.broker = Broker(self.var / "broker", self.settings.BROKER_URL_FILE, log, self.mark)
        self.broker.start()
        self.settings.CELERY_BROKER_URL = self.broker.url  # read before the broker's address was known

    def _prepare_site(self) -> None:
        import django
        from django.core.management import CommandError, call_command
        from django.db import DatabaseError

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        try:
            django.setup()
            self.console.say("Preparing the database and the static files …")
            call_command("migrate", interactive=False, verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise Refusal(f"The database does not work: {one_line(error)} Look at DATABASE_URL.") from None
        except (CommandError, OSError) as error:
            raise Refusal(f"The site cannot be prepared: {one_line(error)}") from None

    def _wait_for_page(self) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while (status := self._status_of("/healthz")) != 200:
            if not self.web.alive:
                raise Refusal(self.web.how_it_ended)
            if time.monotonic() > deadline:
                answer = f"answers with HTTP status {status}" if status else "does not answer"
                raise Refusal(f"The site on port {self.settings.PORT} {answer} (log: {self.web.log}).")
            self._heed_make()
            time.sleep(0.1)

    def _status_of(self, path: str) -> int:
        return status_of(self.settings.PORT, path, self.settings.SITE_URL)

    def _tell_administrator(self) -> None:
        """The password once; later only how to set another one."""
        if password := first_administrator():
            self.console.say(f"Sign in as admin with the password {password} (shown this once).")
        else:
            self.console.say(f"The administrator exists; for a new password: {RESET_PASSWORD}")

    def _start_demo(self) -> None:
        self.demo = None
        if self.settings.DEMO:
            from config.demo_watch import DemoWatch

            self.demo = DemoWatch(self.console, lambda: self._status_of("/readyz") == 200)
            self.demo.start()

    # --- Watch -------------------------------------------------------------------------------------
    def _look(self) -> None:
        self._heed_make()
        if self.broker:
            self._keep_up(self.broker.child, self._start_broker_again)
        self._keep_up(self.web, self.web.start)
        self._keep_up(self.worker, self.worker.start)
        if self.demo:
            self.demo.look()

    def _keep_up(self, child: Child, start: Any) -> None:
        """Start a child that died again, later and later; give up when it dies every time."""
        if child.alive:
            return
        if child.next_start <= child.started:  # this death is news
            pause = child.pause_after_death()
            if pause is None:
                raise Refusal(f"{child.how_it_ended} It keeps doing that.")
            self.console.say(f"{child.how_it_ended} Starting it again in {pause:g} s.")
        elif time.monotonic() >= child.next_start:
            start()

    def _start_broker_again(self) -> None:
        assert self.broker is not None  # it died
        before = self.broker.url
        self.broker.start()
        if self.broker.url != before:  # the web server and the worker still ask the old address
            raise Refusal("Another program took the broker's port while it was down. Say make run again.")

    def _heed_make(self) -> None:
        if self.under_make and lifeline.make_was_interrupted():
            self._on_signal(signal.SIGINT, None)

    # --- End ---------------------------------------------------------------------------------------
    def _stop(self) -> None:
        """In this order, so that nothing loses what it still needs; then whatever a killed child left."""
        self.worker.ask(signal.SIGTERM)  # to begin nothing more
        self.web.end(STOP_WEB, self._hurried)
        self.worker.wait(WARM_SECONDS, self._hurried)
        self.worker.end(STOP_WORKER, self._hurried)
        if self.broker:
            self.broker.stop()
        lifeline.end_left_behind(self.mark)

    def _hurried(self) -> bool:
        return self.hurry


def gunicorn_command() -> list[str]:
    return [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn_settings", "config.wsgi"]


def worker_command(settings: Any) -> list[str]:
    queues = ",".join(filter(None, (settings.CELERY_TASK_DEFAULT_QUEUE, settings.GPU_QUEUE)))
    program = [sys.executable, "-m", "celery", "-A", "config.celery", "worker"]
    options = ["-c", str(JOBS_AT_ONCE), "-Q", queues, "-l", "WARNING", "-n", f"launcher-{settings.PORT}@%h"]
    return [*program, *options, "--without-gossip", "--without-mingle"]


def status_of(port: int, path: str, site_url: str) -> int:
    """The HTTP status of a page of this site, asked for as a proxy would; 0 when nobody answers."""
    site = urlsplit(site_url)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": site.netloc, "X-Forwarded-Proto": site.scheme})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def new_password() -> str:
    """95 bits in letters and digits: nothing that a command line takes for an option or a double click leaves out."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(16))


def first_administrator() -> str | None:
    """Make `admin` with a random password and return it; None where there is an administrator already."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    if users.filter(is_superuser=True).exists() or users.filter(username="admin").exists():
        return None
    password = new_password()
    users.create_superuser(username="admin", password=password)
    return password


def one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def main() -> int:
    console = Console()
    try:
        preflight.check_machine()
        return Launcher(preflight.load_settings(), console).run()
    except (Refusal, BrokerError) as problem:
        console.complain(str(problem))
        return 1
    except (Stopped, KeyboardInterrupt):  # before anything was started
        return 0


if __name__ == "__main__":
    sys.exit(main())
