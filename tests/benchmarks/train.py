"""The benchmark of a training: ``python -m tests.benchmarks.train --help``; it is a command of the package."""

import sys

from distil_core.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "train", *sys.argv[1:]]))
