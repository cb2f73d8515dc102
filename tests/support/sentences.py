"""The sentences that the source says to a person, as they read with samples in their places."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import NamedTuple, TypeGuard

from smile.paths import PACKAGE
from smile.util import advice

NUMBER, NAME, EITHER = "12", "Xyz.wav", "\0"  # in places: a number, a name, or one of both
FIELD = re.compile(r"\{([^{}]*)\}")
COUNTED = re.compile(r"[,.\d]*[,dfg]")  # a format of numbers
NAMED = re.compile(r"(\.(name|strerror|id)|\b(path|folder|file|url))$|^(shown|repr|ascii)\(|!r$")
SENTENCE = re.compile(r'["“A-Z{\0].*[.:]\s*', re.DOTALL)
MOST = 24  # variants of a sentence
DEEPEST = 8


class Sentence(NamedTuple):
    """A sentence, its place, and the forms that it takes."""

    file: str
    line: int
    forms: tuple[str, ...]


class Module(NamedTuple):
    """A module's names for strings, its own and imported ones, and what contains what."""

    file: str
    tree: ast.Module
    constants: dict[str, ast.expr]
    imported: dict[str, tuple[str, str]]
    parents: dict[ast.AST, ast.AST]


@cache
def module(path: Path) -> Module:
    """Return what is known of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    imports = (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module)
    imported = {a.asname or a.name: (str(n.module), a.name) for n in imports for a in n.names}
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return Module(str(path.relative_to(PACKAGE.parent)), tree, constants, imported, parents)


@cache
def errors() -> frozenset[str]:
    """Return the names of SmileError and of the classes below it."""
    classes = [
        n for path in PACKAGE.rglob("*.py") for n in module(path).tree.body if isinstance(n, ast.ClassDef)
    ]
    found = {"SmileError"}
    while more := {
        c.name for c in classes if c.name not in found and any(getattr(b, "id", "") in found for b in c.bases)
    }:
        found |= more
    return frozenset(found)


def sentences(paths: Iterable[Path]) -> Iterator[Sentence]:
    """Yield what errors are raised with, and all else that reads as a sentence, but for documentation."""
    for path in paths:
        room = module(path)
        given = _filled(room)
        for node in ast.walk(room.tree):
            if isinstance(node, ast.Call) and _called(node) in errors() and node.args:
                yield from _said(room, node.args[0], always=True)
            elif _is_text(node) and node not in given and _is_used(room, node):
                yield from _said(room, node)


def _is_text(node: ast.AST) -> TypeGuard[ast.expr]:
    """Whether a node is a text, or one whose places are filled."""
    is_filled = isinstance(node, ast.Call) and _called(node) == "format"
    return is_filled or isinstance(node, ast.Constant | ast.JoinedStr)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _filled(room: Module) -> set[ast.AST]:
    """The constants whose places are filled elsewhere, where they are looked at."""
    formats = (n.func for n in ast.walk(room.tree) if isinstance(n, ast.Call) and _called(n) == "format")
    bases = [f.value for f in formats if isinstance(f, ast.Attribute)]
    return {node for base in bases for node in (base, room.constants.get(getattr(base, "id", ""), base))}


def _is_used(room: Module, node: ast.AST) -> bool:
    """Whether a string is more than documentation or a part of another string."""
    return not isinstance(room.parents.get(node), ast.Expr | ast.JoinedStr | ast.FormattedValue)


def _said(room: Module, node: ast.expr, always: bool = False) -> Iterator[Sentence]:
    whole = (re.sub(rf"^{EITHER} (?=[A-Z])", "", form) for form in forms_of(room, node))
    forms = [form for form in whole if always or _reads_as_sentence(form)]
    own = [form for form in forms if re.search(r"[^\W\d_]{2}", form.replace(NAME, ""))]
    if own:
        yield Sentence(room.file, node.lineno, tuple(dict.fromkeys(own)))


def _reads_as_sentence(form: str) -> bool:
    return SENTENCE.fullmatch(form) is not None and len(form.split()) > 2


def forms_of(room: Module, node: ast.AST, depth: int = 0) -> list[str]:
    """Return the texts that an expression may be; none where it is no text that the source has."""
    if depth > DEEPEST:
        return []
    deeper = depth + 1
    match node:
        case ast.Constant(value=str(text)):
            return [FIELD.sub(_sample, text)]
        case ast.JoinedStr(values=values):
            return _joined([_part(room, value, deeper) for value in values])
        case ast.IfExp(body=one, orelse=other):
            return [form for branch in (one, other) for form in forms_of(room, branch, deeper)]
        case ast.BoolOp(values=values):
            return [form for value in values for form in forms_of(room, value, deeper)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([forms_of(room, left, deeper), forms_of(room, right, deeper)])
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mult()):
            return ["", text]
        case ast.Attribute(value=ast.Name(id=name), attr="option"):
            return [getattr(advice, name).page] if hasattr(advice, name) else []
        case ast.Subscript(value=ast.Name(id=name)):
            table = room.constants.get(name)
            values = table.values if isinstance(table, ast.Dict) else []
            return [form for value in values for form in forms_of(room, value, deeper)]
        case ast.Call(func=ast.Attribute(value=base, attr="format")):
            return _formatted(room, base, node, deeper)
        case ast.Call(func=ast.Name(id=name)):
            return _returned(room, name, deeper)
        case ast.Name(id=name):
            return _named(room, node, name, deeper)
    return []


def _returned(room: Module, name: str, depth: int) -> list[str]:
    """What a function may return, of this module or of another of the package."""
    where = _origin(room, name)
    defined = (n for n in where.tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    returns = (n.value for f in defined for n in ast.walk(f) if isinstance(n, ast.Return) and n.value)
    return [form for value in returns for form in forms_of(where, value, depth)]


def _sample(field: re.Match[str]) -> str:
    return NUMBER if COUNTED.fullmatch(field[1].partition(":")[2]) else EITHER


def _joined(parts: list[list[str]]) -> list[str]:
    return ["".join(pieces) for pieces in islice(product(*parts), MOST)]


def _part(room: Module, value: ast.expr, depth: int) -> list[str]:
    """What a piece of an f-string may be."""
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    assert isinstance(value, ast.FormattedValue)
    if value.format_spec and COUNTED.fullmatch(ast.unparse(value.format_spec)[2:-1]):
        return [NUMBER]
    return _place(room, value.value, depth)


def _place(room: Module, node: ast.expr, depth: int) -> list[str]:
    """What may stand in a place: a text that the source has, or else a sample."""
    if forms := forms_of(room, node, depth):
        return forms
    written = ast.unparse(node)
    return [NUMBER if written.startswith("len(") else NAME if NAMED.search(written) else EITHER]


def _formatted(room: Module, base: ast.expr, call: ast.AST, depth: int) -> list[str]:
    """A text with places, filled as the call says."""
    assert isinstance(call, ast.Call)
    texts = _raw(room, base)
    given = {str(i): _place(room, argument, depth) for i, argument in enumerate(call.args)}
    given |= {word.arg: _place(room, word.value, depth) for word in call.keywords if word.arg}
    return [form for text in texts for form in _put(text, given)]


def _raw(room: Module, base: ast.expr) -> list[str]:
    """The text that an expression is, with its places; none where it is made of others."""
    if isinstance(base, ast.Constant) and isinstance(base.value, str):
        return [base.value]
    if isinstance(base, ast.IfExp):
        return [*_raw(room, base.body), *_raw(room, base.orelse)]
    if isinstance(base, ast.JoinedStr):
        return [form.replace(EITHER, "{}") for form in forms_of(room, base)]
    if isinstance(base, ast.Name):
        where, node = _constant(room, base.id)
        return _raw(where, node) if node is not None and not isinstance(node, ast.Name) else []
    return []


def _put(text: str, given: dict[str, list[str]]) -> list[str]:
    pieces = FIELD.split(text)
    parts: list[list[str]] = []
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            parts.append([piece])
            continue
        name, _, form = piece.partition(":")
        parts.append([NUMBER] if COUNTED.fullmatch(form) else given.get(name or str(i // 2), [EITHER]))
    return _joined(parts)


def _constant(room: Module, name: str) -> tuple[Module, ast.expr | None]:
    """A module's constant, its own or that of another of the package, and where it stands."""
    if name in room.constants:
        return room, room.constants[name]
    where = _origin(room, name)
    return where, where.constants.get(room.imported.get(name, ("", name))[1])


def _origin(room: Module, name: str) -> Module:
    """The module of the package that a name is imported from; the one at hand where it is not."""
    path = PACKAGE.parent / f"{room.imported.get(name, ('', ''))[0].replace('.', '/')}.py"
    return module(path) if PACKAGE in path.parents and path.is_file() else room


def _named(room: Module, node: ast.AST, name: str, depth: int) -> list[str]:
    """What a name may stand for: the texts that a function gives it, or a constant."""
    inside: ast.AST | None = node
    while inside is not None and not isinstance(inside, ast.FunctionDef):
        inside = room.parents.get(inside)
    if inside is not None:
        given = (n for n in ast.walk(inside) if isinstance(n, ast.Assign))
        pairs = (pair for n in given for target in n.targets for pair in _pairs(target, n.value))
        if values := [value for target, value in pairs if getattr(target, "id", "") == name]:
            return [form for value in values for form in forms_of(room, value, depth) or [EITHER] if form]
    where, constant = _constant(room, name)
    return forms_of(where, constant, depth) if constant is not None else []


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """What is given to what: each to its own where several are at once."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def samples(form: str) -> Iterator[str]:
    """Yield a form with a number or a name in each of its places that may be either."""
    pieces = form.split(EITHER)
    for between in islice(product((NAME, NUMBER), repeat=len(pieces) - 1), 64):
        yield "".join(piece + put for piece, put in zip(pieces, (*between, ""), strict=True))
