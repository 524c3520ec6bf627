"""Commands as somebody types them: arguments read, errors told and the exit status given as on the command line."""

import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import base, get_commands


@dataclass(frozen=True)
class Said:
    """What a command left on the terminal."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which holds JSON and nothing else, of a command that said nothing else."""
        assert (self.status, self.err) == (0, ""), self
        return json.loads(self.out, parse_constant=_no_number)


def _no_number(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


class CommandLine:
    """`manage.py NAME …` in this process, on the test's database."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, name: str, *arguments: object) -> Said:
        command = import_module(f"{get_commands()[name]}.management.commands.{name}").Command()
        self.capfd.readouterr()
        status = 0
        try:
            with patch.object(base.connections, "close_all"):  # the test goes on with its connection
                command.run_from_argv(["manage.py", name, *map(str, arguments)])
        except SystemExit as ended:
            status = int(ended.code or 0)
        out, err = self.capfd.readouterr()
        return Said(status, out, err)

    def refused(self, name: str, *arguments: object) -> str:
        """The one line on standard error of a command that ends with status 1 and says nothing else."""
        said = self(name, *arguments)
        assert (said.status, said.out) == (1, ""), said
        (line,) = said.err.splitlines()
        return line.removeprefix("CommandError: ")
