"""`python -m saddlepoint` is `saddle`."""

import sys

from saddlepoint.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
