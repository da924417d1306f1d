"""People in Parquet files: GenRe learns from their row groups, and answers them group by group."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from carla_genre import GenRe, load_dataset
from carla_genre.parquet import ParquetRows, answer_parquet

from carla import MLModelCatalog


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


def classifier():
    """A network that was trained on the first month; `carla-genre answer --classifier` takes such a function."""
    data = load_dataset(applications(1), target="granted", ignore=["id"], immutables=["age"], quiet=True)
    model = MLModelCatalog(data, model_type="ann", backend="pytorch", load_online=False)
    torch.manual_seed(0)  # CARLA draws the first weights from the global state
    model.train(learning_rate=0.01, epochs=20, batch_size=64, hidden_size=[10, 10])
    return model


def main() -> None:
    """Print how many are answered, why the others are not, and the first answers beside the people."""
    folder = Path("applications")
    folder.mkdir()
    for month in range(1, 7):
        table = pa.Table.from_pandas(applications(month), preserve_index=False)
        pq.write_table(table, folder / f"month_{month:02d}.parquet", row_group_size=500)
    asked = applications(7)
    asked.loc[0, "home"] = "castle"
    asked.to_parquet("asked.parquet")

    model = classifier()
    genre = GenRe(model, source=ParquetRows(folder))
    genre.save("applications.genre", with_training_rows=True)  # the model's data have one month of them only
    counts = answer_parquet("applications.genre", model, "asked.parquet", "answers", index="id", scores=True)
    print(counts)
    print(pd.read_parquet("answers/failures")["reason"].value_counts().to_string())
    answers = pd.read_parquet("answers/answers").set_index("id").head(3)
    print(asked.set_index("id").loc[answers.index].to_string())
    print(answers.round(2).to_string())


if __name__ == "__main__":
    main()
