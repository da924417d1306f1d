"""Random tables, pipelines and constraints: no answer is refused, breaks one, or changes a foreign cell."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from method_cases import quick_selector
from random_tables import QUICK, World, broken, random_constraints, random_world

from carla_genre.constraints import Constraint
from carla_genre.errors import InputError
from carla_genre.recourse import Recommendations, Recourse


def check(world: World, found: Recommendations, people: pd.DataFrame, constraints: list[Constraint]) -> int:
    """Hold every option against the pipeline, the constraints and the person's own row; how many there are."""
    rows = found.rows
    assert list(rows.columns) == list(people.columns)
    assert rows.index.name == people.index.name
    if not len(rows):
        return 0
    features = list(world.pipeline.feature_names_in_)
    accepted = world.pipeline.predict_proba(rows[features])[:, 1]
    np.testing.assert_allclose(accepted, found.figures["h"], rtol=0, atol=1e-12)
    assert (accepted > 0.5).all()
    assert (rows["remark"] == "x").all()
    for name in rows.columns:
        written = world.table[name].dtype if name in features else people[name].dtype
        assert rows[name].dtype in (people[name].dtype, written), name
    for label, row in zip(rows.index, rows[features].astype(object).iloc, strict=True):
        own = people.loc[label, features]
        for name in features:
            known, cell = world.table[name].dropna(), row[name]
            if pd.isna(cell):
                assert pd.isna(own[name])
            elif cell != own[name] and name in world.levels:
                assert cell in known.tolist()
            elif cell != own[name] and not name.startswith("float"):
                decimals = max(
                    len(f"{one:.10f}".rstrip("0").partition(".")[2]) for one in known.astype(float)
                )
                assert round(float(cell), decimals) == float(cell), (name, cell)
        if found.status[label] != "accepted already":
            assert not [one for one in constraints if broken(one, own, row)], (constraints, own, row)
    assert found.changes["feature"].isin(features).all()
    assert set(found.status.index) == set(people.index)
    return len(rows)


def answers_of(seed: int, questions: int = 6) -> int:
    """Build a random world and ask it under random constraints; the number of answers."""
    random = np.random.default_rng(seed)
    world, n = random_world(random), 0
    fixed = random_constraints(random, world)[:1] if random.random() < 0.5 else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            recourse = Recourse(
                world.pipeline,
                world.table,
                "outcome",
                "yes",
                constraints=fixed,
                verbose=False,
                hyperparams=QUICK,
            )
        except InputError as error:
            if not any(words in str(error) for words in ("accepted one", "D_h", "leave nothing")):
                raise
            return 0
        for _ in range(questions):
            constraints = random_constraints(random, world)
            try:
                found = recourse.recommend(
                    world.people,
                    int(random.integers(1, 4)),
                    constraints=constraints,
                    diverse=bool(random.integers(2)),
                )
            except InputError as error:
                if "leave nothing" not in str(error):
                    raise
                continue
            n += check(world, found, world.people, [*fixed, *constraints])
    return n


@pytest.mark.parametrize("seed", range(3))
def test_every_answer_is_accepted_allowed_and_ones_own(seed: int) -> None:
    with quick_selector():
        assert answers_of(seed) > 0
