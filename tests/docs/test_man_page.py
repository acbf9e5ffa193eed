"""The manual page: it says what the commands say today, and nothing in it is a request to roff that was none."""

import re
import shutil
import subprocess
import tomllib

import click
import pytest

from batchrunner.cli.group import command_of, every_command
from batchrunner.errors import ExitCode
from docs.site.man_page import PAGE, ROOT, page

TEXT = PAGE.read_text(encoding="utf-8")


def test_it_says_what_the_commands_say_today() -> None:
    assert page() == TEXT, "type `python -m docs.site.man_page`"


def test_it_has_every_command_with_its_options_and_every_exit_code() -> None:
    plain = TEXT.replace(r"\-", "-")
    names = re.findall(r"^\.SS (.+)$", plain, re.MULTILINE)
    texts = re.split(r"^\.SS .+$", plain, flags=re.MULTILINE)[1:]
    parts = dict(zip(names, texts, strict=True))
    assert list(parts) == list(every_command())
    for name, part in parts.items():
        options = [each for each in command_of(name).params if isinstance(each, click.Option)]
        assert [form for each in options for form in each.opts if rf"\fB{form}\fR" not in part] == []
        assert f"Example: batchrunner {name}" in part
    assert {str(int(code)) for code in ExitCode} <= set(re.findall(r"^\\fB(\d+)\\fR$", plain, re.MULTILINE))


def test_no_line_is_a_request_that_is_not_ours() -> None:
    requests = {line.split()[0] for line in TEXT.splitlines() if line.startswith((".", "'"))}
    assert requests == {".TH", ".SH", ".SS", ".PP", ".TP", ".br", ".nf", ".fi"}
    assert set(re.findall(r"\\(f.|.)", TEXT)) <= {"fB", "fI", "fR", "-", "e", "&"}
    assert TEXT.isascii()


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_nothing_to_warn_of() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-wall", PAGE], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    assert "EXIT STATUS" in re.sub(".\b", "", done.stdout)


def test_the_wheel_carries_it_to_where_man_looks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {PAGE.relative_to(ROOT).as_posix(): "share/man/man1/batchrunner.1"}
