"""Packages of npm in fixed versions, fetched once into the user's cache: two of them run a student in a browser."""

import base64
import subprocess
import tarfile
from dataclasses import dataclass
from hashlib import sha512
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock
from platformdirs import user_cache_path

from distil_core.errors import FetchError
from distil_core.settings.serialization import digest
from distil_core.training.cache import replacing

_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPackage:
    """A package of npm.

    Attributes:
        name: What it is called there.
        version: The only one that is taken.
        sha512: Digest of its archive in base64, as npm writes it.
        license: Under which it may be given on.
        files: What of it is needed, each by its path in the package; their names are all different.
    """

    name: str
    version: str
    sha512: str
    license: str
    files: tuple[str, ...]


PACKAGES = (
    WebPackage(
        name="onnxruntime-web",
        version="1.30.0",
        sha512="q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
        license="MIT",
        files=(
            "dist/ort.wasm.min.mjs",
            "dist/ort-wasm-simd-threaded.mjs",
            "dist/ort-wasm-simd-threaded.wasm",
        ),
    ),
    WebPackage(
        name="@huggingface/tokenizers",
        version="0.2.0",
        sha512="LidMHe1FpcSYH4vcSjXooda34pC0M8m1gmDOv7SQi6Iv+ib1zX7J3sHBCC9/3FPCkn2k1b55FneVqMRxrr99pg==",
        license="Apache-2.0",
        files=("dist/tokenizers.min.mjs",),
    ),
)


def web_runtime(packages: tuple[WebPackage, ...] = PACKAGES, *, cache: Path | None = None) -> Path:
    """Return a folder with the files of some packages; they are fetched where they are not in the cache yet.

    Args:
        packages: The packages.
        cache: Where they are kept; the user's cache where it is left out.

    Raises:
        FetchError: If they cannot be fetched, or are not what they should be.
    """
    folder = (cache or user_cache_path("distil-lab", appauthor=False)) / "web" / digest(packages)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            with replacing(folder) as path:
                path.mkdir()
                for package in packages:
                    _fetch(package, path)
    return folder


def _fetch(package: WebPackage, folder: Path) -> None:
    what, otherwise = f"{package.name} {package.version}", "or choose another format"
    with TemporaryDirectory() as scratch:
        command = [
            "npm",
            "pack",
            f"{package.name}@{package.version}",
            "--pack-destination",
            scratch,
            "--ignore-scripts",
        ]
        try:
            subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=True, timeout=_SECONDS)
        except FileNotFoundError as exc:
            raise FetchError(
                f"a page with a student in it needs {what} from npm once, but npm is not installed; install Node.js, "
                f"{otherwise}"
            ) from exc
        except (OSError, subprocess.SubprocessError) as exc:
            raise FetchError(
                f"a page with a student in it needs {what} from npm once, which cannot be reached; connect this "
                f"machine to the network once, {otherwise}"
            ) from exc
        archive = next(Path(scratch).glob("*.tgz"))
        if base64.b64encode(sha512(archive.read_bytes()).digest()).decode() != package.sha512:
            raise FetchError(f"{what} from npm must be the archive that is known here, but its digest is another one")
        with tarfile.open(archive) as packed:
            for name in package.files:
                member = packed.extractfile(f"package/{name}")
                assert member is not None
                (folder / Path(name).name).write_bytes(member.read())
