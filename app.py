"""The distillation lab in the browser: ``streamlit run app.py``.

Reads: the run store. Writes: nothing itself; see the pages.
"""

import sys
import threading
from importlib import import_module
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from distil_core import process
from distil_core.errors import DistilError
from pages.components import private_apis
from pages.state import class_mode, hosts, student_pages

ICON = Path(__file__).parent / "assets" / "icon.svg"
# Title, icon and lead of each page.
PAGES = {
    "distil": ("Distil", ":material/experiment:", "Distil a small student from a large teacher"),
    "compare": ("Compare", ":material/compare_arrows:", "Put one sentence to teacher and student"),
    "temperature": ("Temperature", ":material/device_thermostat:", "See what temperature does to both models"),
    "attention": ("Attention", ":material/visibility:", "See what teacher and student look at"),
    "tradeoffs": ("Trade-offs", ":material/balance:", "What the student is worth, and what it costs"),
    "whatif": ("What-if", ":material/grid_on:", "Try many settings at once, and see what each does"),
    "lessons": ("Lessons", ":material/school:", "Predict first, then see: six short lessons"),
    "runs": ("Runs", ":material/list_alt:", "All that has been distilled here"),
}


def main() -> None:
    """Show the page that was asked for, under one header."""
    # Here and not above: the server imports this file too, before there is anything to cache in.
    from pages.sections import header, messages, sharing
    from pages.state import address

    # Before the navigation, which fetches the icons of its pages from elsewhere for the browser's tab otherwise.
    st.set_page_config(page_icon=ICON, layout="wide")
    st.logo(ICON)
    pages = [
        st.Page(
            f"pages/{name}.py",
            title=title,
            icon=icon,
            help=f"{lead}.",
            default=name == "distil",
            visibility="visible" if name in (address.shown_pages() or PAGES) else "hidden",
        )
        for name, (title, icon, lead) in PAGES.items()
    ]
    page = st.navigation(pages, position="top")
    st.set_page_config(page_title=f"{page.title} · Distillation lab")
    try:
        address.tell_unusable()
        name = page.url_path or "distil"
        shared = header.show(PAGES[name][2], picks_run=name != "lessons")
        page.run()
        with shared:
            sharing.show({name: title for name, (title, *_) in PAGES.items()})
    except DistilError as error:  # the store, or a file in it
        messages.problem(error)


def tell(error: Exception) -> bool:
    """Show what people can mend as a sentence, also where a button's press or a part of a page has met it."""
    from pages.sections import messages

    return messages.tell(error)


def preload() -> None:
    """Import what the first page needs, which takes about as long as the browser needs to load itself."""
    for name in ("pandas", "distil_core.reporting.figures", "distil_core.runs.requests", "scipy.special"):
        import_module(name)


# The server imports this file for `app`; Streamlit runs it again as a script, once for each rerun of a page.
if __name__ == "__main__":
    main()
else:
    process.tune(beside=True)
    private_apis.route_by_navigation()
    private_apis.skip_component_scan()
    private_apis.refuse_endless_numbers()
    private_apis.go_through_widgets_safely()
    # What a page has drawn is sent while it goes on computing: the sender waits for the interpreter at every message.
    sys.setswitchinterval(0.0005)
    threading.Thread(target=preload, daemon=True).start()
    middleware = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)]
    if class_mode.active():
        print(class_mode.banner(), flush=True)
        middleware.insert(0, Middleware(hosts.KnownHosts, known=class_mode.known_host))
    app = st.App(Path(__file__), routes=student_pages.routes(), middleware=middleware, on_script_error=tell)
