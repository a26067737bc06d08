"""`python -m accelsim.cli`: the same as the command `accelsim`."""

import sys

from accelsim.cli.main import main

sys.exit(main())
