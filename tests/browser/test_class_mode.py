"""Two visitors of a lab that is open to others: each has their own things, and a share of what there is."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from filelock import FileLock
from playwright.sync_api import Page, expect

from distil_core.models.checkpoints import assets_folder
from distil_core.runs.rows import RunState
from distil_core.runs.store import RunStore
from pages.sections.setting_titles import CORPORA, TEACHERS
from pages.state import class_mode
from tests.browser.conftest import open_menu, settled

Visit = Callable[..., Page]
CODE = "chalk and talk"
MINUTES = 60_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (assets_folder() / "teacher").is_dir(), reason="the shipped teacher has not been built"),
]


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """This computer alone, by a name that others could have."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(class_mode.CODE, CODE)
        yield "127.0.0.2"


@pytest.fixture(scope="module")
def store(module_home: Path) -> RunStore:
    """The store of the served app."""
    return RunStore(module_home)


@pytest.fixture(scope="module", autouse=True)
def idle(module_home: Path) -> Iterator[None]:
    """Let no worker begin, so that whatever is asked for waits."""
    with FileLock(module_home / "worker-0.lock"):
        yield


def asking(seed: int) -> str:
    """Return the address of a run with its twins."""
    return f"?seed={seed}"


def press(page: Page) -> None:
    page.get_by_role("button", name="Distil", exact=True).click(timeout=2 * MINUTES)


def distilled(page: Page) -> str:
    """Press the button, and return the name of the run."""
    press(page)
    page.wait_for_url(re.compile("run=[0-9a-f]{16}"))
    settled(page)
    return page.url.partition("run=")[2][:16]


def test_each_has_a_queue_and_rights_of_their_own(visit: Visit, store: RunStore) -> None:
    ann = visit(asking(1))
    home = ann.url.partition("?")[0]
    distilled(ann)
    ann.goto(home + asking(2))
    second = distilled(ann)
    ann.goto(home + asking(3))
    press(ann)
    expect(ann.get_by_text(f"at most {class_mode.MOST_QUEUED} runs waiting")).to_be_visible()
    assert len(store.list()) == class_mode.MOST_QUEUED

    bob = visit(asking(4))
    his = distilled(bob)
    assert store.ahead(his) < store.ahead(second)  # in turn, though he came later
    bob.goto(bob.url.replace(his, second))
    settled(bob)
    expect(bob.get_by_role("button", name="Cancel")).to_be_disabled()
    bob.get_by_role("link", name="Runs").click()
    settled(bob)
    expect(bob.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    bob.get_by_text("Cache: ").click()
    expect(bob.get_by_text("What is computed once and kept")).to_be_visible()
    expect(bob.get_by_role("button", name="Empty the cache")).to_have_count(0)

    ann.goto(f"{home}?run={second}")
    ann.get_by_role("button", name="Cancel").click(timeout=2 * MINUTES)
    expect(ann.get_by_text("This run was cancelled")).to_be_visible()
    assert store.get(second).state is RunState.CANCELLED

    bob.get_by_text("For the lecturer").click()
    bob.get_by_label("Code", exact=True).fill(CODE, timeout=2 * MINUTES)
    bob.get_by_label("Code", exact=True).press("Enter")
    expect(bob.get_by_role("button", name="Delete", exact=True)).to_be_enabled()


def test_nobody_opens_what_another_has_uploaded_or_what_lies_on_the_server(visit: Visit, module_home: Path) -> None:
    ann = visit(f"?distil.corpus={quote(CORPORA['file'])}")
    rows = b"".join(b"text %d,%d\n" % (i, i % 2) for i in range(60))
    secret = {"name": "secret.csv", "mimeType": "text/csv", "buffer": b"text,label\n" + rows}
    ann.locator('input[type="file"]').first.set_input_files([secret])
    expect(ann.get_by_text("rows of secret.csv").first).to_be_visible()
    ann.wait_for_url(re.compile("upload.train="))
    bob = visit("?" + ann.url.partition("?")[2])
    expect(bob.get_by_text("The file that the address names is not on this server")).to_be_visible()
    expect(bob.get_by_text("secret.csv")).to_have_count(0)
    ann.reload()
    settled(ann)
    expect(ann.get_by_text("rows of secret.csv").first).to_be_visible()

    for name, refused in (("Teacher", TEACHERS["folder"]), ("Corpus", CORPORA["hub"])):
        open_menu(bob, name)
        offered = bob.get_by_role("listbox").get_by_role("option")
        expect(offered.first).to_be_visible()
        assert offered.all_inner_texts()
        assert refused not in offered.all_inner_texts()
        bob.keyboard.press("Escape")
    bob.goto(f"{bob.url.partition('?')[0]}?distil.teacher={quote(TEACHERS['folder'])}&distil.teacher.folder=/etc")
    settled(bob)
    expect(bob.get_by_role("textbox", name="Folder")).to_have_count(0)


@pytest.mark.parametrize(("name", "status"), [("evil.example", 400), ("127.0.0.2", 200), ("localhost", 200)])
def test_other_names_of_the_server_are_refused(address: str, name: str, status: int) -> None:
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=20)) as server:
        server.request("GET", "/", headers={"Host": name})
        answer = server.getresponse()
        assert answer.status == status
        assert (b"does not know itself by that name" in answer.read()) is (status == 400)
