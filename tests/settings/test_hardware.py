"""What the machine adds to a run: its threads and its precision, told from files and variables, without torch."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from distil_core.settings import hardware
from distil_core.settings.config import Precision

Machine = Callable[[str], None]
FOUR_THREADS_ON_TWO_CORES = "\n\n".join(
    f"processor\t: {i}\nmodel name\t: Fast: 9000\nphysical id\t: 0\ncore id\t\t: {i // 2}\nflags\t\t: fpu avx2"
    for i in range(4)
)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Let Linux say something else of its processors."""
    for name in ("OMP_NUM_THREADS", "DISTIL_LAB_WORKERS", "ONEDNN_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)

    def become(text: str) -> None:
        hardware._processors.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_text", lambda path, **_: text)
            hardware._processors()

    yield become
    hardware._processors.cache_clear()


class TestThreads:
    def test_two_threads_of_a_core_are_one_processor(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        machine(FOUR_THREADS_ON_TWO_CORES)
        assert hardware.n_processors() == 2
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3})
        assert hardware.n_processors() == 1

    def test_where_nobody_knows_the_cores_each_processor_counts(self, machine: Machine) -> None:
        machine("")
        assert hardware.n_processors() == 4
        machine("processor : 0\n\nprocessor : 1\n\nprocessor : 2\n\nprocessor : 3")  # as on ARM
        assert hardware.n_processors() == 4

    @pytest.mark.parametrize(("wanted", "n"), [("3", 3), ("5,2", 5), ("", 2), ("0", 2), ("many", 2)])
    def test_a_user_may_say_how_many(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, wanted: str, n: int
    ) -> None:
        machine(FOUR_THREADS_ON_TWO_CORES)
        monkeypatch.setenv("OMP_NUM_THREADS", wanted)
        assert hardware.n_processors() == n

    @pytest.mark.parametrize(("workers", "threads"), [("1", 8), ("3", 2), ("20", 1), ("", 4), ("0", 8)])
    def test_runs_side_by_side_share_them(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, workers: str, threads: int
    ) -> None:
        machine(FOUR_THREADS_ON_TWO_CORES)
        monkeypatch.setenv("OMP_NUM_THREADS", "8")
        monkeypatch.setenv("DISTIL_LAB_WORKERS", workers)
        assert hardware.threads_per_run() == threads


class TestPrecision:
    @pytest.mark.parametrize(
        ("flags", "precision"),
        [("avx2 amx_bf16", Precision.BF16), ("avx512_bf16", Precision.BF16), ("avx2 avx512f", Precision.FP32)],
    )
    def test_bf16_is_for_processors_that_are_quick_at_it(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, flags: str, precision: Precision
    ) -> None:
        machine(f"processor : 0\nflags : {flags}")
        monkeypatch.setattr(hardware, "has_gpu", lambda: False)
        assert hardware.resolve_precision(Precision.AUTO) is precision
        assert hardware.resolve_precision(Precision.BF16) is Precision.BF16
        assert hardware.resolve_precision(Precision.FP32) is Precision.FP32
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
        assert hardware.resolve_precision(Precision.AUTO) is Precision.FP32
        monkeypatch.setattr(hardware, "has_gpu", lambda: True)
        assert hardware.resolve_precision(Precision.AUTO) is Precision.BF16

    def test_nobody_knows_where_there_is_no_linux(self, machine: Machine) -> None:
        machine("")
        assert not hardware.has_bf16_instructions()
        assert hardware.processor_name() is None

    def test_a_processor_has_a_name(self, machine: Machine) -> None:
        machine(FOUR_THREADS_ON_TWO_CORES)
        assert hardware.processor_name() == "Fast: 9000"
        assert hardware.instructions() == {"fpu", "avx2"}


class TestAgreement:
    def test_torch_and_the_settings_know_the_same_machine(self) -> None:
        """In a process of its own, where nobody has said how many threads there are."""
        program = """
import sys
from distil_core.settings import hardware
before = hardware.has_gpu(), hardware.n_processors()
assert "torch" not in sys.modules
import torch
print(before == (torch.cuda.is_available(), torch.get_num_threads()), before)
"""
        environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        assert done.stdout.startswith("True"), done.stdout

    def test_torch_without_cuda_finds_no_gpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hardware.has_gpu.cache_clear()
        monkeypatch.setattr(hardware, "_cuda_of_torch", lambda: None)
        assert not hardware.has_gpu()
        hardware.has_gpu.cache_clear()
