"""The card of a door: what it was trained on, and what was measured on people it was not trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import PEOPLE, TRAIN, built, pipeline, refused

from carla_genre import Recourse
from carla_genre.constraints import AtMost, Freeze, OneWay
from carla_genre.errors import CheckpointError, InputError


@pytest.fixture(scope="module")
def door(model: Any) -> Recourse:
    return built(model, held_out=60, constraints=[Freeze("age"), AtMost(2)])


def test_the_card_has_what_was_measured_on_rows_that_were_kept_apart(door: Recourse, model: Any) -> None:
    measured = door.card_["held_out"]
    assert measured["rows"] == 60
    assert 10 < measured["refused"] < 60
    assert measured["answered"] > 0.7
    assert measured["accepted"] == 1
    assert 1 <= measured["changes"] <= 2
    assert measured["cost"] > 0
    assert 0 < measured["valid"] <= 1
    assert door.card_["constraints"] == ["Freeze('age')", "AtMost(2)"]
    assert door.card_["table"]["rows"] == len(TRAIN)
    assert built(model, held_out=60, seed=1).card_["held_out"] != measured


def test_what_is_loaded_shows_the_card_of_its_folder(door: Recourse, model: Any, tmp_path: Path) -> None:
    door.save(tmp_path)
    loaded = Recourse.load(tmp_path, model, TRAIN)
    assert loaded.card_ == door.card_
    assert json.loads((tmp_path / "recourse.json").read_text())["card"] == door.card_
    people = refused(model, PEOPLE).head(10)
    assert loaded.recommend(people).rows.equals(door.recommend(people).rows)
    loaded.save(tmp_path / "other", held_out=PEOPLE)
    other = Recourse.load(tmp_path / "other", model, TRAIN).card_
    assert other["held_out"]["rows"] == len(PEOPLE)
    assert {**other, "held_out": None} == {**door.card_, "held_out": None}


def test_a_card_of_which_a_character_has_changed_is_refused(
    door: Recourse, model: Any, tmp_path: Path
) -> None:
    door.save(tmp_path)
    card = tmp_path / "recourse.json"
    told = card.read_text()
    for was, is_now in (
        ('"threshold": 0.5', '"threshold": 0.4'),
        ('"threshold"', '"threShold"'),
        ("seal", ""),
    ):
        card.write_text(told.replace(was, is_now, 1))
        with pytest.raises(CheckpointError, match=r"recourse\.json"):
            Recourse.load(tmp_path, model, TRAIN)
    card.write_text(told)
    assert Recourse.load(tmp_path, model, TRAIN).threshold == 0.5


def test_files_of_two_saves_are_not_loaded_together(door: Recourse, model: Any, tmp_path: Path) -> None:
    door.save(tmp_path / "one")
    door.genre_.with_sampling(n_samples=7).save(tmp_path / "one" / "generator.safetensors")
    with pytest.raises(CheckpointError, match="are of two saves, of which one was stopped"):
        Recourse.load(tmp_path / "one", model, TRAIN)
    door.save(tmp_path / "one")
    assert Recourse.load(tmp_path / "one", model, TRAIN).card_ == door.card_


def test_no_row_is_kept_apart_where_that_is_said(model: Any) -> None:
    assert built(model, held_out=0).card_["held_out"] is None


def test_another_table_or_classifier_has_another_card(door: Recourse) -> None:
    other = built(pipeline(TRAIN.iloc[:200]), TRAIN.iloc[:200]).card_
    assert other["held_out"]["rows"] == 10  # one of twenty, where it is not said
    assert other["classifier"]["fingerprint"] != door.card_["classifier"]["fingerprint"]
    assert other["table"]["digest"] != door.card_["table"]["digest"]


@pytest.mark.parametrize("held_out", [-1, 226, 3.0, True, "many", np.nan])
def test_a_wrong_number_of_rows_to_keep_apart_is_named(model: Any, held_out: Any) -> None:
    with pytest.raises(InputError, match="held_out="):
        built(model, held_out=held_out)


def test_what_is_built_again_has_another_card(model: Any) -> None:
    door = built(model, held_out=20)
    assert door.card_["threshold"] == 0.5
    door.set_params(threshold=0.6, table=TRAIN.iloc[:400], constraints=[AtMost(2)])
    card = door.card_
    assert (card["threshold"], card["table"]["rows"], card["constraints"]) == (0.6, 400, ["AtMost(2)"])


def test_a_table_whose_levels_have_another_order_is_another_one(model: Any, tmp_path: Path) -> None:
    def ordered(*levels: str) -> pd.DataFrame:
        return TRAIN.assign(home=pd.Categorical(TRAIN["home"], levels, ordered=True))

    built(model, ordered("parents", "rent", "own"), constraints=[OneWay("home", "up")]).save(tmp_path)
    Recourse.load(tmp_path, model, ordered("street", "parents", "rent", "own"))  # nobody lives there
    with pytest.raises(
        CheckpointError, match="its rows have another order, or the levels of a Categorical have"
    ):
        Recourse.load(tmp_path, model, ordered("own", "rent", "parents"))
