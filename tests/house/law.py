"""The law of imports as tables, and a reader that finds what breaks it in the text of one module.

views  portal  api  jobs  →  services  →  models  →  domain
                                 ↓                    ↑
                             gateways  ───────────────┘
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

DOORS = ("views", "portal", "api", "jobs", "commands")

# Which parts of the house a part may import besides itself. A door may name a model to declare or read it; `writes`
# below sees to it that it stays at that. The composition root (app/__init__.py, config.py, run.py) binds everything.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "models": frozenset({"domain", "extensions"}),
    "gateways": frozenset({"domain"}),
    "services": frozenset({"domain", "models", "gateways", "extensions", "config"}),
    "extensions": frozenset({"domain", "config"}),
    "security": frozenset({"domain", "models", "services", "extensions", "config"}),
    # What both webs are built of: bases, fields, words. Not a door, for nothing in it has an address.
    "rooms": frozenset({"domain", "models", "services", "extensions", "security", "config"}),
    **{door: frozenset({"domain", "models", "services", "extensions", "security", "config"}) for door in DOORS},
    "views": frozenset({"domain", "models", "services", "extensions", "security", "config", "rooms"}),
    "portal": frozenset({"domain", "models", "services", "extensions", "security", "config", "rooms"}),
    # The command line starts what the jobs are, and the demo tells the stand-ins how to behave.
    "commands": frozenset({"domain", "models", "services", "extensions", "config", "jobs", "standins"}),
    "assets": frozenset(),
    "standins": frozenset(),
}
ROOT = ("app", "config", "run")

# Outside libraries that a part may not know, by the first name of the module.
FLASK = frozenset({"flask", "werkzeug", "jinja2", "wtforms"})
DATABASE = frozenset({"sqlalchemy", "alembic", "psycopg", "sqlite3"})
NETWORK = frozenset({"requests", "httpx", "aiohttp", "urllib3", "Tea", "darabonba", "mns"})
STRANGERS: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {
    "domain": (
        ("domain knows no Flask", FLASK),
        ("domain knows no database", DATABASE),
        ("only gateways talk to the outside", NETWORK),
    ),
    "gateways": (("gateways know no Flask", FLASK), ("gateways know no database", DATABASE)),
    **{part: (("only gateways talk to the outside", NETWORK),) for part in ("models", "services", *DOORS)},
}

THE_COMMITTER = "app/services/work.py"
COMMITS = frozenset({"commit", "begin"})  # `with session.begin():` commits at its end
SESSION_WRITES = frozenset({"add", "add_all", "delete", "merge", "flush", "bulk_save_objects", "bulk_insert_mappings"})
STATEMENTS = frozenset({"insert", "update", "delete"})


@dataclass(frozen=True)
class Breach:
    """One place that breaks the law. `str()` gives `file:line: which law`."""

    path: str
    line: int
    law: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.law}"


def breaches(path: str, source: str) -> list[Breach]:
    """What breaks the law in the module at `path` (relative to the project, with slashes)."""
    tree = ast.parse(source, path)
    part = part_of(module_of(path))
    found = [*_imports(path, part, tree), *_commits(path, tree)]
    if part in (*DOORS, "rooms"):
        found.extend(_writes(path, part, tree))
    return sorted(set(found), key=lambda breach: (breach.line, breach.law))


def read_the_house(root: Path) -> Iterator[Breach]:
    """All breaches in app/, standins/, config.py and run.py under `root`."""
    for name in ("app", "standins", "config.py", "run.py"):
        place = root / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.exists() else []:
            yield from breaches(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))


def module_of(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The part of the house that a module is of: "services" for app.services.work; "" for an outside library."""
    names = module.split(".")
    if names[0] == "app" and len(names) > 1:
        return names[1]
    return names[0] if names[0] in ("app", "standins", "config", "run") else ""


def imported(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, inside functions too; a relative one is made absolute."""
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from app import models` names the part behind the import, not before it.
            yield from ((node.lineno, f"{module}.{alias.name}" if module == "app" else module) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def _imports(path: str, part: str, tree: ast.AST) -> Iterator[Breach]:
    for line, module in imported(path, tree):
        target = part_of(module)
        if target == "" and part in STRANGERS:
            first = module.split(".")[0]
            for law, names in STRANGERS[part]:
                if _of_family(first, names):
                    yield Breach(path, line, f"{law} (imports {module})")
        elif target == "standins" and part not in ("standins", "commands", "run"):
            yield Breach(path, line, f"the stand-ins are a program of their own; {part} imports {module}")
        elif part == "standins" and target not in ("", "standins"):
            yield Breach(path, line, f"standins never import the house (imports {module})")
        elif target and part not in ROOT and target != part and target not in MAY_IMPORT.get(part, frozenset()):
            law = "doors never import each other" if part in DOORS and target in DOORS else _arrows(part)
            yield Breach(path, line, f"{law} (imports {module})")


def _of_family(first: str, names: frozenset[str]) -> bool:
    """flask_babel is of the family of flask, and every alibabacloud_… is the provider's network."""
    return bool({first, first.split("_")[0]} & names) or (names is NETWORK and first.startswith("alibabacloud"))


def _arrows(part: str) -> str:
    if part not in MAY_IMPORT:
        return f"app/{part} has no place in the house"
    return f"{part} may import only {', '.join(sorted(MAY_IMPORT[part])) or 'itself'}"


def _commits(path: str, tree: ast.AST) -> Iterator[Breach]:
    if path == THE_COMMITTER or not path.startswith(("app/", "config.py", "run.py")):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in COMMITS:
            yield Breach(path, node.lineno, f"only {THE_COMMITTER} commits (calls .{node.func.attr}())")


def _writes(path: str, part: str, tree: ast.AST) -> Iterator[Breach]:
    """A door that writes: through the session, by a statement, or by making a row of a model it imported."""
    rows: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        names = {alias.asname or alias.name for alias in node.names}
        if node.module.startswith("app.models") and node.module != "app.models.types":
            rows |= names
        if node.module.split(".")[0] == "sqlalchemy" and (used := {alias.name for alias in node.names} & STATEMENTS):
            yield Breach(path, node.lineno, f"{part} never write a model (imports {', '.join(sorted(used))})")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in SESSION_WRITES and _is_session(node.func.value):
            yield Breach(path, node.lineno, f"{part} never write a model (calls session.{node.func.attr}())")
        # An enum is looked up by a value, `State("queued")`; a row is made by names, `Batch(state=…)`.
        if isinstance(node.func, ast.Name) and node.func.id in rows and not node.args:
            yield Breach(path, node.lineno, f"{part} never write a model (makes a {node.func.id})")


def _is_session(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return _is_session(node.func)
    return (isinstance(node, ast.Name) and node.id == "session") or (
        isinstance(node, ast.Attribute) and node.attr == "session"
    )


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
