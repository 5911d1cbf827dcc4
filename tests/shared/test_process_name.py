"""The name of a process: who has surely ended, and of whom nobody can say so."""

import subprocess
import sys

import pytest

from shared.process_name import has_surely_ended, process_name

pytestmark = pytest.mark.skipif(not process_name(), reason="no /proc here")
SAY_AND_WAIT = """
from shared.process_name import process_name
print(process_name(), flush=True)
input()
"""


def test_a_process_that_was_killed_has_ended_and_one_that_runs_has_not() -> None:
    command = [sys.executable, "-c", SAY_AND_WAIT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout
        name = other.stdout.readline().strip()
        assert not has_surely_ended(name)
        other.kill()
        assert other.stdout.read() == ""
        other.wait()
    assert has_surely_ended(name)
    assert not has_surely_ended(process_name())


def test_another_process_under_the_same_number_is_another_process() -> None:
    pid, start, here = process_name().split(".", 2)
    assert has_surely_ended(f"{pid}.{int(start) - 1}.{here}")


@pytest.mark.parametrize("name", ["", "desk-1:101", "1", "1.2", "1.2.pid:[1].another-boot", "..."])
def test_of_another_machine_or_another_namespace_nobody_is_sure(name: str) -> None:
    assert not has_surely_ended(name)
