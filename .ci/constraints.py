"""Write constraints.txt from uv.lock, or with --check say whether it is what would be written.

pip has no universal lock, but it reads constraints with markers: so the way in through pip gets uv's versions.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Made from uv.lock by .ci/constraints.py. The versions that the tests run on, for pip.\n"


def exported() -> str:
    """The lock in pip's words, without what the overrides switch off."""
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    options = ["--frozen", "--no-hashes", "--no-emit-project", "--no-annotate", "--no-header", "--all-extras"]
    command = [str(uv if uv.exists() else "uv"), "export", "--quiet", *options]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return HEADER + "".join(f"{line}\n" for line in lines if "'never'" not in line)


def main() -> int:
    """Write, or compare."""
    path, text = ROOT / "constraints.txt", exported()
    if "--check" not in sys.argv:
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        print("constraints.txt is not what uv.lock says: run `python .ci/constraints.py`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
