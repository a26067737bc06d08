"""`python -m restructure`: see `python -m restructure --help`."""

import sys

from restructure.command import main

if __name__ == "__main__":
    sys.exit(main())
