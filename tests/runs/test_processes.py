"""What is done in a process of its own comes back, or says why it does not."""

import inspect
import os
import pickle

import pytest

from distil_core import errors, process
from distil_core.data.labels import list_in
from distil_core.errors import DistilError, MissingExtraError
from distil_core.models.checkpoints import locate
from distil_core.runs.processes import apart


def test_it_is_another_process_that_knows_the_package() -> None:
    assert apart(os.getpid) != os.getpid()
    assert apart(list_in, label='["a", "b"]') == ["a", "b"]


@pytest.mark.parametrize(
    ("wanted", "there"), [(None, process.SPINNING_BESIDE), (process.SPINNING, process.SPINNING_BESIDE), ("7", "7")]
)
def test_its_threads_leave_room_for_those_of_this_one(
    wanted: str | None, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    if wanted is not None:
        monkeypatch.setenv("GOMP_SPINCOUNT", wanted)
    assert apart(os.getenv, "GOMP_SPINCOUNT") == there


def test_what_it_raises_is_raised_here() -> None:
    with pytest.raises(errors.NoSuchTeacherError, match="no such folder") as caught:
        apart(locate, "/nowhere")
    with pytest.raises(errors.NoSuchTeacherError) as here:
        locate("/nowhere")
    assert str(caught.value) == str(here.value)


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*ValueError: invalid literal"):
        apart(int, "seven")


def test_one_that_is_ended_is_told_from_one_that_fails() -> None:
    with pytest.raises(ChildProcessError, match="ended by signal"):
        apart(os.abort)
    with pytest.raises(ChildProcessError, match="no more memory"):
        apart(bytes, 1 << 60)


@pytest.mark.parametrize(
    "kind", [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, DistilError)]
)
def test_every_error_survives_the_way_between_processes(kind: type[DistilError]) -> None:
    error = kind("ONNX export", "export") if kind is MissingExtraError else kind("what is wrong")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
