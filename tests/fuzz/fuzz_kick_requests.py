"""`python tests/fuzz/fuzz_kick_requests.py` is `python -m tests.fuzz kick`, from anywhere.

Takes libFuzzer's options and folders.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

if __name__ == "__main__":
    sys.path[:0] = [os.path.join(ROOT, "src"), ROOT]
    from tests.fuzz.__main__ import fuzz

    fuzz("kick", sys.argv[1:])
