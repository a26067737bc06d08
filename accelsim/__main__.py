"""``python -m accelsim``: the command line, where its script is not on the path."""

import sys

from accelsim.cli import main

sys.exit(main())
