"""What visitors may do where the lab is bound to anything but this computer: their own things, and a few of them.

Reads: the server's address, a code in the environment, who has asked for which run. Writes: who has asked for a run.
"""

import hmac
import ipaddress
import os
import secrets
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import uuid4

import streamlit as st

from distil_core.errors import ConfigError
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore

CODE, HOSTS = "DISTIL_LAB_CODE", "DISTIL_LAB_HOSTS"
"""Variables of the environment: the lecturer's code, and further names of this server, separated by commas."""
MOST_QUEUED = 8
"""Runs, twins included, that one visitor may have waiting: two students with their twins."""
MOST_UPLOADED = 400_000_000
"""Bytes that one visitor may have uploaded in one visit."""

XSRF_COOKIE = "_streamlit_xsrf"
"""Streamlit's cookie that keeps other sites from speaking for a visitor."""
_LOCAL = ("localhost", "127.0.0.1", "::1")
_VISITOR, _LECTURER, _UPLOADED = "class.visitor", "class.lecturer", "class.uploaded"
_made_up = secrets.token_hex(4)


def active() -> bool:
    """Whether others than who sits at this computer can open the pages."""
    return st.get_option("server.address") not in _LOCAL


def code() -> str:
    """Return the lecturer's code: from the environment, or made up when the server started."""
    return os.environ.get(CODE) or _made_up


def banner() -> str:
    """Return what the server prints when it starts in class mode; empty where it need not."""
    if not active():
        return ""
    told = "as the environment says" if os.environ.get(CODE) else f"{_made_up} (set {CODE} to choose it)"
    return f"Class mode: visitors manage their own runs. The lecturer's code is {told}."


def unlock(text: str) -> bool:
    """Let this visit do everything, if the code is right."""
    if hmac.compare_digest(text.strip().encode(), code().encode()):
        st.session_state[_LECTURER] = True
    return free()


def free() -> bool:
    """Whether this visit may do everything: on this computer's own address, or with the lecturer's code."""
    return not active() or bool(st.session_state.get(_LECTURER))


def may_change(run: Run, store: RunStore) -> bool:
    """Whether this visit may cancel or delete a run: one of its own, or any."""
    return free() or store.visitor(run.id) == visitor()


def note_asked(runs: Iterable[Run], store: RunStore) -> None:
    """Remember who was first to ask for runs."""
    if active():
        store.note_visitor([run.id for run in runs], visitor())


def refuse_more(store: RunStore, n_more: int = 1) -> None:
    """Refuse further runs to a visitor who has enough waiting.

    Args:
        store: Where they would wait.
        n_more: So many are asked for; of a run with its twins, the run alone.

    Raises:
        ConfigError: With what to do.
    """
    if free():
        return
    waiting = [run for run in store.list() if run.state in (RunState.QUEUED, RunState.RUNNING)]
    mine = sum(store.visitor(run.id) == visitor() for run in waiting)
    if mine + n_more > MOST_QUEUED:
        raise ConfigError(
            f"a visitor may have at most {MOST_QUEUED} runs waiting, twins included, got {mine} and {n_more} more; "
            "wait until some are done, cancel them, or ask for fewer"
        )


def refuse_upload(n_bytes: int) -> str:
    """Count what this visit uploads; returns why a file is not taken, or nothing."""
    total = st.session_state.get(_UPLOADED, 0) + n_bytes
    if not free() and total > MOST_UPLOADED:
        return f"A visit may upload {MOST_UPLOADED // 10**6} MB in all; reload the page to begin anew."
    st.session_state[_UPLOADED] = total
    return ""


def network_address(base: str) -> str | None:
    """Return the address by which others in the network reach this server, None where it answers this computer alone.

    Args:
        base: By which this browser does; kept where it is no name of this computer alone.
    """
    parts = urlsplit(base)
    if parts.hostname not in _LOCAL:
        return base
    if not active():
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing: only the way there is looked up
        return f"{parts.scheme}://{probe.getsockname()[0]}:{parts.port or 80}{parts.path}"
    return None


def known_host(host: str) -> bool:
    """Tell whether a name by which somebody calls this server is one of its own: no other site can speak for it."""
    name = host.rpartition(":")[0].strip("[]") if host.rpartition(":")[2].isdecimal() else host.strip("[]")
    with suppress(ValueError):
        return bool(ipaddress.ip_address(name))
    further = {part.strip().lower() for part in os.environ.get(HOSTS, "").split(",")}
    told = str(st.get_option("browser.serverAddress")).lower()
    return name.lower() in {"localhost", socket.gethostname().lower(), socket.getfqdn().lower(), told, *further} - {""}


def visitor() -> str:
    """Return a name of whoever looks at the page, which stays for the visit, and longer where there is a cookie."""
    if browser := browser_of(st.context.cookies):
        return sha256(browser.encode()).hexdigest()[:16]
    name: str = st.session_state.setdefault(_VISITOR, uuid4().hex[:16])
    return name


def browser_of(cookies: Mapping[str, str]) -> str:
    """Return what stays the same of a browser for as long as it keeps the cookie against forged requests; or nothing.

    The cookie is a token of the browser behind a mask, which is another one in every answer of the server. Where it is
    written in another way, it counts as it is.
    """
    cookie = cookies.get(XSRF_COOKIE)
    if not isinstance(cookie, str):
        return ""
    with suppress(ValueError):
        _, mask, masked, _ = cookie.split("|")
        key = bytes.fromhex(mask)
        return bytes(byte ^ key[i % len(key)] for i, byte in enumerate(bytes.fromhex(masked))).hex() if key else cookie
    return cookie
