"""Advice on the page is what can be done there: no option of the command line is left in a sentence."""

from __future__ import annotations

import ast
import errno
import re
from pathlib import Path

import pytest

from smile.datatypes import CorpusError
from smile.ui.guard import guarded_error, sentence
from smile.ui.own.view import rejected
from smile.util.advice import ADVICE, of_a_file, on_page
from tests.conftest import ROOT

OPTION = re.compile(r"(?<![\w-])--[a-z]")
READING = ("audio", "corpora", "importing", "own", "text")  # rooms whose sentences visitors are told
SOURCES = [path for room in READING for path in sorted((ROOT / "smile" / room).rglob("*.py"))]
OWNERS = {  # sentences for who starts the server
    "smile/own/workspaces.py": "--visitors",
}


def sentences(path: Path) -> list[str]:
    """Return the strings of a file that name an option, but for docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    strings = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [n.value for n in strings if id(n) not in documented and OPTION.search(n.value)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_reads_a_visitors_files_names_no_option_but_as_advice(path: Path) -> None:
    meant = OWNERS.get(str(path.relative_to(ROOT)))
    assert [said for said in sentences(path) if not (meant and meant in said)] == []


def test_that_the_check_can_fail() -> None:
    assert sentences(ROOT / "smile" / "util" / "advice.py")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space", b"/x/\xc3\xa9"),
            "/x/é cannot be read or written (No space); make",
        ),
        (OSError(errno.EACCES, "Denied", 7), "A file cannot be read or written (Denied); check its rights"),
        (OSError("torn"), "A file cannot be read or written (torn)."),
        (OSError(), "A file cannot be read or written (OSError)."),
    ],
)
def test_a_file_is_named_as_people_name_it(error: OSError, said: str) -> None:
    assert of_a_file(error).startswith(said)


@pytest.mark.parametrize("advice", ADVICE)
def test_a_visitor_is_told_what_the_page_has(advice: tuple[str, str]) -> None:
    option, page = advice
    said = f"It cannot be read; save it as UTF-8; {option}."
    assert OPTION.search(said)
    for told in (
        on_page(said),
        sentence(CorpusError(said)),
        str(guarded_error(CorpusError(said))),
        rejected([("line 2", said)]),
        rejected((), notes=[said]),
    ):
        assert not OPTION.search(told), told
        assert page in told
