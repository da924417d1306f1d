"""What the pages promise to whoever has a classifier and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from loans import NUMBERS, PEOPLE, TRAIN, built, pipeline

from carla_genre import Recourse


def test_a_saved_folder_has_no_names_of_people_among_its_categories(model: Any, tmp_path: Path) -> None:
    names = pd.Categorical([f"Person {number}" for number in range(len(TRAIN))])
    recourse = built(model, TRAIN.assign(name=names))
    recourse.save(tmp_path)
    assert not any(b"Person 17" in path.read_bytes() for path in tmp_path.iterdir())
    recourse.save(tmp_path, with_training_rows=True)
    assert Recourse.load(tmp_path, model).table["name"].dtype == names.dtype


def test_a_column_that_is_added_to_the_table_later_is_none_that_was_trained_on(
    model: Any, tmp_path: Path
) -> None:
    table = TRAIN.copy()
    recourse = built(model, table)
    table["note"] = "seen"
    recourse.save(tmp_path)
    people = PEOPLE.head(5)
    loaded = Recourse.load(tmp_path, model, TRAIN)
    pd.testing.assert_frame_equal(loaded.recommend(people).rows, recourse.recommend(people).rows)


def test_a_column_may_have_the_name_that_a_level_has_when_encoded() -> None:
    """Nothing is one-hot encoded here, and the pipeline has been trained on these names."""
    table = TRAIN.assign(home_own=np.arange(len(TRAIN)) % 7)
    recourse = built(pipeline(table, numbers=[*NUMBERS, "home_own"]), table)
    assert {"home", "home_own"} < set(recourse.feature_names_in_)
