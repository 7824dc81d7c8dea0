"""``python -m distil_core``: see :mod:`distil_core.cli`."""

import sys

from distil_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
