"""Files that somebody gives to a page: kept in the run store's folder by their contents, named in the address.

Reads and writes: a query parameter for each. Writes: the files.
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

import streamlit as st

from distil_core.errors import CorpusError
from distil_core.reporting.formatting import escaped
from distil_core.training.cache import replacing
from pages.state import address, class_mode, resources

# Less than what file systems take, since what replaces a file has a longer name for a moment.
_LONGEST_NAME, _LONGEST_SUFFIX = 200, 20
_UNUSED_SECONDS = 24 * 3600.0
_REFUSED, _COUNTED = "uploads.refused", "uploads.counted"
_EVERYBODY = ".everybody"


def file(label: str, types: Sequence[str], *, key: str, parameter: str, help: str) -> Path | None:
    """Ask for a file and return where it is kept; it outlives the page until it is taken away or another one comes.

    Args:
        label: What people are asked for.
        types: Endings that may be chosen.
        key: Key of the widget.
        parameter: Query parameter that names the file by its contents, so that a link leads to the same file.
        help: A sentence more.
    """
    st.file_uploader(label, types, key=key, help=help, on_change=_keep, args=(key, parameter, types))
    _tell_refusal()
    return _there(parameter, Path.is_file)


def texts(label: str, types: Sequence[str], *, key: str, parameter: str, help: str) -> Path | None:
    """Ask for one file or several, and return where they are kept: the file, or a folder of all of them.

    Args:
        label: What people are asked for.
        types: Endings that may be chosen.
        key: Key of the widget.
        parameter: Query parameter that names the folder by its contents.
        help: A sentence more.

    Raises:
        CorpusError: If there are several, and one is no plain text, or two have the same name.
    """
    uploaded = st.file_uploader(
        label,
        types,
        accept_multiple_files=True,
        key=key,
        help=help,
        on_change=_keep_all,
        args=(key, parameter, types, None),
    )
    _tell_refusal()
    names = [upload.name for upload in uploaded or ()]
    others = [name for name in names if not name.lower().endswith(".txt")]
    if others and len(names) > 1:
        raise CorpusError(f"several files must all be plain text (.txt), got {others[0]!r}; give it alone")
    if twice := [name for name in names if names.count(name) > 1]:
        raise CorpusError(f"several files must have different names, got {twice[0]!r} twice; rename one")
    path = _there(parameter, Path.is_dir)
    if path is None:
        return None
    files = sorted(path.iterdir())
    return files[0] if len(files) == 1 else path


def folder(label: str, places: Mapping[str, str], *, key: str, parameter: str, help: str) -> Path | None:
    """Ask for several files that belong together, and return the folder in which they are kept; see :func:`file`.

    Args:
        label: What people are asked for.
        places: Where in the folder a file of each name goes.
        key: Key of the widget.
        parameter: Query parameter that names the folder by its contents.
        help: A sentence more.

    Raises:
        CorpusError: If a file has another name than these.
    """
    types = sorted({name.rpartition(".")[2] for name in places})
    st.file_uploader(
        label,
        types,
        accept_multiple_files=True,
        key=key,
        help=help,
        on_change=_keep_all,
        args=(key, parameter, types, places),
    )
    _tell_refusal()
    unknown = [upload.name for upload in st.session_state.get(key) or () if upload.name not in places]
    if unknown:
        raise CorpusError(f"a file of a search must be called {', '.join(places)}, got {unknown[0]!r}; rename it")
    return _there(parameter, Path.is_dir)


def _there(parameter: str, is_one: Callable[[Path], bool]) -> Path | None:
    """Return what an address names among the uploads; what it cannot name is forgotten, with a word."""
    named = st.query_params.get(parameter, "")
    if not named:
        return None
    try:
        path = (_folder() / named).resolve()
        if is_one(path) and path.parent.parent == _folder().resolve() and _may_open(path.parent):
            return path
    except (OSError, ValueError):  # too long a name, or one with a zero byte
        pass
    st.query_params.pop(parameter, None)
    whose = "" if class_mode.free() else ", or is another visitor's"
    st.warning(
        f"The file that the address names is not on this server{whose}; upload it again.", icon=":material/info:"
    )
    return None


def stored_name(name: str) -> str:
    """Return a name for a file that every file system takes: its own, shortened where it is long."""
    pure = PurePath(PurePath(name.replace("\0", "")).name or "file")
    suffix = pure.suffix[:_LONGEST_SUFFIX]
    stem, room = pure.stem.encode(errors="replace"), _LONGEST_NAME - len(suffix.encode(errors="replace"))
    if len(stem) <= room:
        return f"{pure.stem}{suffix}"
    return f"{stem[: room - 3].decode(errors='ignore')}…{suffix}"


def _keep_all(key: str, parameter: str, types: Sequence[str], places: Mapping[str, str] | None) -> None:
    """Keep uploaded files in one folder that has its name from all their contents, or forget them."""
    uploaded = st.session_state[key]
    if _refused(uploaded, types):
        return
    if places is None:
        places = {upload.name: stored_name(upload.name) for upload in uploaded}
    contents = {places[upload.name]: upload.getvalue() for upload in uploaded if upload.name in places}
    if not contents:
        st.query_params.pop(parameter, None)
        return
    name = sha256(b"".join(place.encode() + sha256(contents[place]).digest() for place in sorted(contents)))
    path = _folder() / name.hexdigest()[:16] / "search"
    for place, content in contents.items():
        if not (path / place).exists():
            (path / place).parent.mkdir(parents=True, exist_ok=True)
            with replacing(path / place) as whole:
                whole.write_bytes(content)
    _let_open(path.parent)
    address.put(parameter, f"{path.parent.name}/{path.name}")


def _let_open(folder: Path) -> None:
    """Let this visit open what it has uploaded, and everybody what somebody has who may do everything."""
    (folder / (_EVERYBODY if class_mode.free() else f".{class_mode.visitor()}")).touch()


def _may_open(folder: Path) -> bool:
    if class_mode.free():
        return True
    return any((folder / name).exists() for name in (_EVERYBODY, f".{class_mode.visitor()}"))


def _refused(uploaded: Sequence[Any], types: Sequence[str]) -> bool:
    """Refuse files of other endings, and more than a visit may upload; what nothing uses any more makes room."""
    others = [upload.name for upload in uploaded if PurePath(upload.name).suffix.lower().removeprefix(".") not in types]
    if others:
        refusal = f"A file must end in {', '.join(types)}, got {stored_name(others[0])!r}; save it as one of these."
    else:
        counted = st.session_state.setdefault(_COUNTED, set())  # those of before come again with each further one
        refusal = class_mode.refuse_upload(sum(each.size for each in uploaded if each.file_id not in counted))
        counted.update(() if refusal else (each.file_id for each in uploaded))
    if refusal:
        st.session_state[_REFUSED] = refusal
    elif class_mode.active():
        _clear()
    return bool(refusal)


def _tell_refusal() -> None:
    if refusal := st.session_state.pop(_REFUSED, None):
        st.error(escaped(refusal), icon=":material/error:")


def _clear() -> None:
    """Remove what visitors have uploaded a while ago and no run was asked for with."""
    store = resources.store()
    used = {path for run in store.list() for path in (run.config.corpus.source, run.config.corpus.test)}
    for folder in store.layout.uploads.glob("*"):
        with suppress(OSError):
            old = time.time() - folder.stat().st_mtime > _UNUSED_SECONDS
            if old and not any(PurePath(path).is_relative_to(folder) for path in used):
                shutil.rmtree(folder)


def _folder() -> Path:
    return resources.store().layout.uploads


def _keep(key: str, parameter: str, types: Sequence[str]) -> None:
    """Keep an uploaded file under its content's name, so that the same file is one file, or forget it."""
    upload = st.session_state[key]
    if upload is None:
        st.query_params.pop(parameter, None)
        return
    if _refused([upload], types):
        return
    content = upload.getvalue()
    path = _folder() / sha256(content).hexdigest()[:16] / stored_name(upload.name)
    if not path.exists():
        with replacing(path) as whole:
            whole.write_bytes(content)
    _let_open(path.parent)
    address.put(parameter, f"{path.parent.name}/{path.name}")
