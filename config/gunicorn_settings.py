"""How gunicorn serves the site under the launcher. There is no access log: addresses carry raters' tokens."""

import os
from typing import Any

from config import lifeline

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = 2
worker_class = "gthread"
threads = 4
accesslog = None
graceful_timeout = 3  # seconds an open request has when the site stops
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    lifeline.die_with_parent()
