"""Many raters at once through real HTTP, on the embedded default, with the server killed (-9) half-way.

python bench/raters.py [--raters 200] [--pairs 30] [--no-clips] [--json PATH]

gunicorn is started as the launcher starts it, on SQLite. Every rater enrols, loads each pair and its clips, waits
as long as they play and scores; every tenth score is sent twice, as a double click does. When half of the votes
are acknowledged the server is killed with all its workers and started again. In the end every acknowledged vote
must be there with its score, no vote twice, and exposure balanced to one over pairs and view angles; otherwise
the exit status is 1. Latencies stand beside those of one rater alone on the same server.
"""

import argparse
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VIEW_ANGLES = tuple(range(0, 181, 18))
PAIRS_PER_VIEW_ANGLE = 4
CLIP_SECONDS = 0.4
DOWN_SECONDS = 1.0  # between the kill and the next start
Latencies = dict[str, list[float]]  # seconds, by kind of call


class Server:
    """gunicorn under the launcher's own command, in a process group of its own."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    def start(self) -> None:
        from config.launcher import gunicorn_command

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                gunicorn_command(), cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 90
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit(f"The server does not start; its log: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _answers(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False


class Rater:
    """One rater: keeps trying until the server has acknowledged, as the rater's page does."""

    def __init__(self, port: int, study: str, with_clips: bool, voted: Any) -> None:
        self.port, self.study, self.with_clips, self.voted = port, study, with_clips, voted
        self.connection: http.client.HTTPConnection | None = None
        self.acknowledged: dict[int, int] = {}  # score by position
        self.latencies: Latencies = {}
        self.retries = 0
        self.token = ""

    def rate_everything(self) -> None:
        key = secrets.token_hex(16)
        application = {"consent": True, "idempotency_key": key, "locale": "en"}
        enrolled = self._call("enrol", "POST", f"/api/v1/studies/{self.study}/raters", application)
        self.token = enrolled["rater"]
        for position in range(1, enrolled["presentations"] + 1):
            self._rate(position)

    def _rate(self, position: int) -> None:
        address = f"/api/v1/raters/{self.token}/presentations/{position}"
        pair = self._call("load a pair", "GET", address)
        fetched = time.monotonic()
        if self.with_clips:
            for clip in pair["clips"].values():
                self._call("load a clip", "GET", clip)
        time.sleep(max(0.0, fetched + len(pair["clips"]) * CLIP_SECONDS - time.monotonic()))
        score = secrets.randbelow(5) + 1
        body = {
            "score": score,
            "playback": {"watched_fraction": dict.fromkeys(pair["clips"], 1.0), "stalls": 0},
        }
        for _ in range(2 if position % 10 == 0 else 1):  # a double click
            kept = self._call("score", "PUT", f"{address}/rating", body)
            assert kept == {"position": position, "score": score}, kept
        self.acknowledged[position] = score
        self.voted()

    def _call(self, kind: str, method: str, address: str, body: Any = None) -> Any:
        while True:
            start = time.perf_counter()
            try:
                status, answer = self._once(method, address, body)
            except (OSError, http.client.HTTPException):
                status, answer = 0, b""
                self._hang_up()
            if status in (200, 201, 206):
                self.latencies.setdefault(kind, []).append(time.perf_counter() - start)
                return json.loads(answer) if kind != "load a clip" else None
            if 400 <= status < 500:
                raise RuntimeError(f"{method} {kind}: {status} {answer!r}")
            self.retries += 1
            time.sleep(0.25)

    def _once(self, method: str, address: str, body: Any) -> tuple[int, bytes]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        content = json.dumps(body) if body is not None else None
        self.connection.request(method, address, content, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        return response.status, response.read()

    def _hang_up(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None


def prepare(raters: int, pairs: int) -> tuple[Any, Any]:
    """A crowd's study and one for a single rater, with real clips, in a database of their own."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    from studies.mos import design
    from tests.studies.rows import make_study

    view_angles = [angle for angle in VIEW_ANGLES for _ in range(PAIRS_PER_VIEW_ANGLE)]

    def study(name: str, seats: int) -> Any:
        order = design.seats(view_angles, seats=seats, pairs_per_rater=pairs, seed=1)
        rows = [[int(pair) + 1 for pair in seat] for seat in order]
        return make_study(view_angles=view_angles, seats=rows, seconds=CLIP_SECONDS, name=name)

    return study("A crowd", raters), study("One alone", 1)


def crowd(server: Server, study: str, raters: int, pairs: int, with_clips: bool) -> list[Rater]:
    """Everybody at once; half of the votes in, the server is killed and started again."""
    half = threading.Event()
    count, lock = Counter[str](), threading.Lock()

    def voted() -> None:
        with lock:
            count["votes"] += 1
            if count["votes"] >= raters * pairs // 2:
                half.set()

    people = [Rater(server.port, study, with_clips, voted) for _ in range(raters)]
    threads = [threading.Thread(target=person.rate_everything) for person in people]
    for thread in threads:
        thread.start()
    half.wait()
    server.kill()
    time.sleep(DOWN_SECONDS)
    server.start()
    for thread in threads:
        thread.join()
    return people


def check(study: Any, people: list[Rater], pairs: int) -> dict[str, Any]:
    """What the database holds against what was acknowledged."""
    from studies.models import Rating

    kept = Rating.objects.filter(presentation__stimulus__study=study)
    columns = kept.values_list(
        "presentation__rater__token",
        "presentation__position",
        "score",
        "presentation__stimulus__number",
        "presentation__stimulus__view_angle",
    )
    rows = list(columns)
    stored = {(token, position): score for token, position, score, _, _ in rows}
    told = {(each.token, position): score for each in people for position, score in each.acknowledged.items()}

    def spread(column: int, of: int) -> int:
        exposures = Counter(row[column] for row in rows)
        return max(exposures.values()) - (min(exposures.values()) if len(exposures) == of else 0)

    return {
        "raters": len({person.token for person in people}),
        "complete": study.raters.filter(state="complete").count(),
        "votes_acknowledged": len(told),
        "votes_kept": len(rows),
        "every_score_as_acknowledged": stored == told,
        "votes_wanted": len(people) * pairs,
        "seats_free": study.seats.filter(occupied=False).count(),
        "spread_over_pairs": spread(3, len(VIEW_ANGLES) * PAIRS_PER_VIEW_ANGLE),
        "spread_over_view_angles": spread(4, len(VIEW_ANGLES)),
    }


def percentiles(latencies: list[float]) -> dict[str, float]:
    ordered = sorted(latencies)
    at = {"median": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1.0}
    return {name: ordered[min(int(part * len(ordered)), len(ordered) - 1)] for name, part in at.items()}


def all_latencies(people: list[Rater]) -> Latencies:
    merged: Latencies = {}
    for person in people:
        for kind, seconds in person.latencies.items():
            merged.setdefault(kind, []).extend(seconds)
    return merged


def report(result: dict[str, Any], alone: Latencies, together: Latencies, seconds: float) -> None:
    calls = sum(map(len, together.values()))
    print(
        f"{result['raters']} raters at once, {result['votes_kept']} votes kept of {result['votes_wanted']},"
    )
    print(
        f"server killed and started again in the middle; {seconds:.0f} s, {calls / seconds:.0f} calls a second"
    )
    print(f"{'':14}{'alone':>9}{'median':>9}{'p95':>9}{'p99':>9}{'longest':>9}   ms; median over alone")
    for kind, latencies in together.items():
        single, many = percentiles(alone[kind])["median"], percentiles(latencies)
        told = "".join(f"{1000 * value:9.0f}" for value in (single, *many.values()))
        print(f"{kind:14}{told}   × {many['median'] / single:.1f}")
    for name, value in result.items():
        print(f"  {name.replace('_', ' ')}: {value}")


def is_right(result: dict[str, Any]) -> bool:
    wanted = result["votes_wanted"]
    return (
        result["votes_acknowledged"] == result["votes_kept"] == wanted
        and result["every_score_as_acknowledged"]
        and result["complete"] == result["raters"]
        and result["seats_free"] == 0
        and max(result["spread_over_pairs"], result["spread_over_view_angles"]) <= 1
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument(
        "--no-clips", action="store_true", help="the pairs alone, without loading their clips"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gaitmos-raters-"))
    port = free_port()
    os.environ |= {"GAITMOS_VAR": str(folder), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "config.settings"}
    for name in ("DATABASE_URL", "SITE_URL", "MEDIA_ROOT", "S3_BUCKET"):
        os.environ.pop(name, None)
    sys.path.insert(0, str(ROOT))
    many, one = prepare(options.raters, options.pairs)
    server = Server(port, folder / "web.log")
    server.start()
    try:
        single = Rater(port, one.token, not options.no_clips, lambda: None)
        single.rate_everything()
        start = time.perf_counter()
        people = crowd(server, many.token, options.raters, options.pairs, not options.no_clips)
        seconds = time.perf_counter() - start
    finally:
        server.kill()
    result = check(many, people, options.pairs) | {"calls_repeated": sum(each.retries for each in people)}
    report(result, single.latencies, all_latencies(people), seconds)
    if options.json:
        options.json.write_text(json.dumps(result))
    shutil.rmtree(folder, ignore_errors=True)
    return 0 if is_right(result) else 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
