"""People in files: recourse is learned from a sample of Parquet files, and everybody in a CSV gets options."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from carla_genre import Recourse
from carla_genre.constraints import AtMost, Freeze
from carla_genre.files.table import open_table


def applications(seed: int, n_rows: int = 1000) -> pd.DataFrame:
    """A month of loan applications."""
    random = np.random.default_rng(seed)
    month = pd.DataFrame(
        {
            "id": [f"{seed:02d}-{row:04d}" for row in range(n_rows)],
            "age": random.integers(18, 75, n_rows),
            "home": random.choice(["owned", "rented", "shared"], n_rows),
            "income": random.normal(38, 12, n_rows).clip(5).round(1),
            "debt": random.integers(0, 40, n_rows),
        }
    )
    odds = (month["income"] - 1.5 * month["debt"] - 8) / 8 + (month["home"] == "owned")
    month["granted"] = (random.random(n_rows) < 1 / (1 + np.exp(-odds))).astype(int)
    return month


def main() -> None:
    """Print how many have options, why the others have none, and the first options."""
    folder = Path("applications")
    folder.mkdir()
    for month in range(1, 7):
        applications(month).to_parquet(folder / f"month_{month:02d}.parquet", row_group_size=500)
    asked = applications(7).drop(columns="granted")
    asked.loc[0, "home"] = "castle"
    asked.to_csv("asked.csv", index=False)

    table = open_table(folder).sample(3000, seed=0).drop(columns="id")
    columns = make_column_transformer((OneHotEncoder(), ["home"]), remainder="passthrough")
    pipeline = make_pipeline(columns, GradientBoostingClassifier(random_state=0))
    pipeline.fit(table.drop(columns="granted"), table["granted"])

    recourse = Recourse(pipeline, table, "granted", desired=1, constraints=[Freeze("age")])
    # The same call goes on where one was stopped; workers=8 takes eight processes.
    counts, reasons = recourse.recommend_files(
        "asked.csv", "options.csv", n=2, constraints=AtMost(2), index="id"
    )
    print(counts)
    for reason, (n, whose) in reasons.items():
        print(f"{n} without an option ({', '.join(whose)}): {reason}", file=sys.stdout)
    print(pd.read_csv("options.csv", index_col="id").query("changes > 0").head(6).to_string())
    print(pd.read_csv("options.unanswered.csv").head(3).to_string())


if __name__ == "__main__":
    main()
