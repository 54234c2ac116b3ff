"""Finds the texts for people in the source: those that pages mark, and the sentences that services say.

Pages mark theirs by `_()`, `ngettext()`, `N_()` and `Words()`. Refusals and records are plain English sentences, kept
with jobs and said by every front-end; an f-string becomes a template whose places are named after what stands in them.
They are marked with the comment SAID, so that `gateway.i18n.said` finds its way back from a sentence to its template.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAID = "said"
_MARKS = {"_", "gettext", "N_", "marked"}
_TABLES = {"Words"}
_SAYING = {"message", "text", "note", "notes", "advice", "sentence", "mend"}
"""Keywords and names of fields that hold a sentence for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """`plural` beside `text` where there are two forms; `said` for sentences of services."""

    text: str
    plural: str | None = None
    said: bool = False
    line: int = 0


def refusals(errors: Path) -> frozenset[str]:
    """The names of the classes whose first argument is a sentence for people: those in `gateway/errors.py`."""
    tree = ast.parse(errors.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef)) - {"StartupError"}


def harvest(source: str, saying: frozenset[str], *, constants: bool = True) -> Iterator[Text]:
    """Every text of one Python module, in the order of the tree; `saying` are the classes of refusals.

    With `constants` those of modules and classes that read like a sentence are taken, too.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _of_call(node, saying)
        elif constants and isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _of_constant(node)


def _of_call(node: ast.Call, saying: frozenset[str]) -> Iterator[Text]:
    name = _name(node.func)
    if name in _MARKS and node.args and (text := _template(node.args[0])):
        yield Text(text=text, line=node.lineno)
    elif name in {"ngettext", "translated_plural"} and len(node.args) > 1:
        one, many = _template(node.args[0]), _template(node.args[1])
        if one and many:
            yield Text(text=one, plural=many, line=node.lineno)
    elif name in _TABLES:
        yield from _values(node, said=False)
    elif name in saying and node.args:
        yield from _sentences(node.args[0])
    for keyword in node.keywords:
        if keyword.arg in _SAYING:
            yield from _sentences(keyword.value)


def _of_constant(node: ast.Assign | ast.AnnAssign) -> Iterator[Text]:
    """Constants of modules and classes in capitals, and fields such as `sentence`, whose values are sentences."""
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    name = _name(target)
    if node.value is not None and (name.isupper() or name in _SAYING) and not isinstance(node.value, ast.Call):
        yield from _values(node.value, said=True)


def _sentences(node: ast.expr) -> Iterator[Text]:
    """The texts that an expression may give: either side of a condition, any part of a sum or tuple."""
    if isinstance(node, ast.IfExp):
        yield from _sentences(node.body)
        yield from _sentences(node.orelse)
    elif isinstance(node, ast.Tuple | ast.List):
        for item in node.elts:
            yield from _sentences(item)
    elif (text := _template(node)) and _is_sentence(text):
        yield Text(text=text, said=True, line=node.lineno)


def _values(node: ast.AST, *, said: bool) -> Iterator[Text]:
    """String constants of a table: the values of dictionaries, the items of tuples."""
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from _values(value, said=said)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _values(argument, said=said)
    elif isinstance(node, ast.Tuple | ast.List):
        for item in node.elts:
            yield from _values(item, said=said)
    elif isinstance(node, ast.expr) and (text := _template(node)) and (not said or _is_sentence(text)):
        yield Text(text=text, said=said, line=node.lineno)


def _is_sentence(text: str) -> bool:
    """Several words with letters: not a keyword, a path or a format."""
    bare = re.sub(r"%\(\w+\)s", "", text)
    return " " in text.strip() and bool(re.search(r"[A-Za-z]{2,} |[A-Za-z]{3,}\.", bare)) and "SELECT" not in bare


def _template(node: ast.expr) -> str:
    """The text of a constant, an f-string or a sum of them; "" for anything else."""
    if isinstance(node, ast.Constant):
        return re.sub(r"\{([a-z_]+)\}", r"%(\1)s", _str(node))  # filled in by format()
    if isinstance(node, ast.JoinedStr):
        return _joined(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _template(node.left), _template(node.right)
        return left + right if left and right else ""
    return ""


def _str(node: ast.Constant) -> str:
    return node.value if isinstance(node.value, str) else ""


def _joined(node: ast.JoinedStr) -> str:
    """An f-string as a template: equal expressions share a name, others of the same words get a number."""
    names: dict[str, str] = {}
    pieces = []
    for value in node.values:
        if not isinstance(value, ast.FormattedValue):
            pieces.append(_str(value).replace("%", "%%") if isinstance(value, ast.Constant) else "")
            continue
        expression = ast.unparse(value)
        if expression not in names:
            name = _place(value.value)
            names[expression] = f"{name}_{len(names)}" if name in names.values() else name
        pieces.append(f"%({names[expression]})s")
    return "".join(pieces)


def _place(node: ast.expr) -> str:
    """A name for what stands in a place: of `job.printer` job_printer, of anything longer its first words."""
    words = re.findall(r"[a-z]+", re.sub(r"([\"']).*?\1", "", ast.unparse(node)).lower())
    return "_".join(word for word in words if word not in {"self", "join", "str"})[:40].strip("_") or "value"


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
