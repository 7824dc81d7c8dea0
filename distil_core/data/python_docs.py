"""Real text that every machine has: the docstrings of the interpreter's own standard library.

A text is the first paragraph of a docstring; its label is the part of the library that it describes. The sources are
parsed, never imported, and read when asked for, so the texts are those of the running interpreter's version.
"""

import ast
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from distil_core.data.tables import Table, folded, in_memory
from distil_core.errors import CorpusError

MIN_WORDS = 4
"""Shorter paragraphs, such as "Return a copy.", could stand in any part."""

_PARTS = {
    "networking": (
        "_markupbase asynchat asyncore cgi email ftplib html http imaplib ipaddress mailbox mailcap mimetypes netrc "
        "nntplib poplib quopri smtpd smtplib socket socketserver ssl telnetlib urllib uu uuid webbrowser wsgiref xmlrpc"
    ),
    "text": (
        "argparse base64 cmd codecs configparser csv difflib encodings getopt gettext json locale optparse pprint re "
        "reprlib shlex sre_compile sre_constants sre_parse string stringprep textwrap tomllib xml"
    ),
    "numbers": (
        "_pydatetime _pydecimal _strptime bisect calendar colorsys datetime decimal fractions hashlib heapq hmac "
        "numbers random secrets statistics zoneinfo"
    ),
    "concurrency": (
        "_threading_local asyncio concurrent contextvars multiprocessing pty queue sched selectors signal subprocess "
        "threading"
    ),
    "files": (
        "_compression _pyio aifc bz2 chunk compression copyreg dbm filecmp fileinput fnmatch genericpath getpass glob "
        "gzip io linecache logging lzma ntpath nturl2path os pathlib pickle pickletools pipes platform plistlib "
        "posixpath shelve shutil sndhdr sqlite3 stat struct sunau tarfile tempfile wave xdrlib zipapp zipfile"
    ),
    "testing": (
        "_pyrepl bdb cProfile cgitb doctest faulthandler pdb profile profiling pstats timeit trace traceback "
        "tracemalloc unittest warnings"
    ),
    "language": (
        "__future__ _ast_unparse _collections_abc _py_abc _pylong _sitebuiltins _weakrefset abc annotationlib ast code "
        "codeop collections compileall contextlib copy ctypes dataclasses dis ensurepip enum functools graphlib "
        "imp importlib inspect keyword modulefinder opcode operator pkgutil py_compile pyclbr pydoc "
        "rlcompleter runpy site symtable sysconfig tabnanny token tokenize types typing venv weakref zipimport"
    ),
    "gui": "curses tkinter turtle turtledemo",
}
LABEL_NAMES = tuple(_PARTS)

_SKIPPED_FOLDERS = {"__pycache__", "test", "tests", "idle_test"}


def read_docstrings(library: Path | None = None) -> Table:
    """Return the first paragraph of every docstring with the part of the library that it is from; none twice.

    Args:
        library: Folder of the standard library's sources; the running interpreter's by default.

    Raises:
        CorpusError: If there are no sources there.
    """
    library = library or Path(sysconfig.get_path("stdlib"))
    part_of: dict[str, str] = {}
    seen = set[str]()
    for part, modules in _PARTS.items():
        for module in modules.split():
            for text in _paragraphs(library, module):
                if len(text.split()) >= MIN_WORDS and folded(text) not in seen:
                    seen.add(folded(text))
                    part_of[text] = part
    if not part_of:
        raise CorpusError(
            f"python-docs needs the sources of the standard library, got none in {library}; "
            "use a Python that comes with them, or choose another corpus"
        )
    return in_memory(
        "python-docs", {"text": tuple(part_of), "label": tuple(part_of.values())}, declared={"label": LABEL_NAMES}
    )


def _paragraphs(library: Path, module: str) -> Iterator[str]:
    """Yield the first paragraph of each docstring of a module or package, its spacing made single."""
    sources = [library / f"{module}.py", *sorted((library / module).rglob("*.py"))]
    for source in sources:
        if not source.is_file() or _SKIPPED_FOLDERS & set(source.relative_to(library).parts):
            continue
        try:
            with warnings.catch_warnings(action="ignore"):  # old escapes in other people's strings
                tree = ast.parse(source.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        for docstring in _docstrings(tree):
            yield " ".join(docstring.split("\n\n")[0].split())


def _docstrings(tree: ast.Module) -> Iterator[str]:
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        # ast.walk would visit a million expressions, none of which holds a definition.
        nodes += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.excepthandler)]
