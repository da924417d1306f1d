"""Whether two states of the code give the same answers, bit for bit.

    python benchmarks/same_answers.py FOLDER [--root CSVS] [--data adult compas heloc] [--seeds 0 1] [--people 200]

Each cell of data set and seed prepares the paper's protocol, builds ``GenRe(h, {"seed": seed})`` and writes its answers
into FOLDER, with a digest of their bytes on the screen. With another checkout's folder on ``PYTHONPATH`` the same file
runs that checkout's code: equal digests are equal answers.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import carla_genre
from carla_genre import GenRe
from carla_genre.protocol import prepare


def main() -> None:
    """Answer each cell and print its digest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", help="folder of CARLA's CSV files")
    parser.add_argument("--data", nargs="+", default=["adult", "compas", "heloc"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--people", type=int, default=200)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print("code", Path(carla_genre.__file__).parent, flush=True)
    for data in given.data:
        for seed in given.seeds:
            setting = prepare(data, seed, given.people, given.root, cache=given.folder / "cache")
            genre = GenRe(setting.mlmodel, {"seed": seed, "verbose": False})
            answers = genre.get_counterfactuals(setting.factuals)
            answers.to_csv(given.folder / f"{data}-{seed}.csv", float_format="%.17g")
            digest = hashlib.sha256(answers.to_numpy(dtype=float).tobytes()).hexdigest()[:16]
            print(data, seed, f"answered {answers.notna().all(axis=1).sum()}", digest, flush=True)


if __name__ == "__main__":
    main()
