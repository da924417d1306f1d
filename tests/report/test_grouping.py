"""Settings share their people; configurations are what is compared in them."""

import numpy as np
from report_cases import failed, measured, write

from carla_genre.harness.cell import Cell
from carla_genre.harness.table import AS_ANSWERED, HELD
from carla_genre.report.collecting import collect
from carla_genre.report.grouping import comparisons_of


def grouped(folder, *records):
    return comparisons_of(collect([write(folder, *records)]).found)


def test_seeds_are_put_together_and_everything_else_kept_apart(tmp_path):
    cells = [
        Cell("loans", 1, "GenRe", "GenRe"),
        Cell("loans", 0, "GenRe", "GenRe"),
        Cell("loans", 0, "NNR", "NNR"),
        Cell("loans", 0, "NNR", "NNR", n_factuals=20),
        Cell("homes", 0, "NNR", "NNR"),
    ]
    settings = grouped(tmp_path, *map(measured, cells))
    names = {setting.name: [one.name for one in setting.configurations] for setting in settings}
    assert names == {
        "loans (n_factuals 200)": ["GenRe", "NNR"],
        "loans (n_factuals 20)": ["NNR"],
        "homes": ["NNR"],
    }
    assert [one.cell["seed"] for one in settings[0].configurations[0].found] == [0, 1]
    assert settings[1].terms.startswith("20 people, all train rows")
    anchors = [s.anchor for s in settings] + [one.anchor for s in settings for one in s.configurations]
    assert len(set(anchors)) == len(anchors)


def test_another_gold_classifier_has_other_people_and_so_is_another_comparison(tmp_path):
    cells = [Cell("loans", 0, "NNR", "NNR", gold=gold) for gold in ("forest", "boosting")]
    settings = grouped(tmp_path, *map(measured, cells))
    assert [setting.name for setting in settings] == ["loans (gold forest)", "loans (gold boosting)"]
    assert [len(setting.configurations) for setting in settings] == [1, 1]
    assert settings[1].terms.endswith("boosting as gold")
    assert "gold" not in settings[0].terms


def test_one_label_with_other_hyperparameters_is_another_configuration(tmp_path):
    first = Cell("loans", 0, "GenRe", "GenRe", {"lambda_": 5.0, "training": {"steps": 10, "lr": 1.0}})
    second = Cell("loans", 0, "GenRe", "GenRe", {"lambda_": 5.0, "training": {"steps": 20, "lr": 1.0}})
    third = Cell(
        "loans", 0, "GenRe", "GenRe", {"lambda_": 5.0, "training": {"steps": 20, "lr": 1.0}}, share=0.5
    )
    (setting,) = grouped(tmp_path, *map(measured, (first, second, third)))
    assert [one.name for one in setting.configurations] == [
        "GenRe (training.steps 10, share 1.0)",
        "GenRe (training.steps 20, share 1.0)",
        "GenRe (training.steps 20, share 0.5)",
    ]


def test_an_anchor_is_the_configurations_whatever_lies_beside_it(tmp_path):
    cell, other = Cell("loans", 0, "NNR", "NNR"), Cell("loans", 0, "GenRe", "GenRe")
    (alone,) = grouped(tmp_path / "a", measured(cell))
    (beside,) = grouped(
        tmp_path / "b", measured(other), measured(cell), measured(Cell("loans", 1, "NNR", "NNR"))
    )
    assert alone.configurations[0].anchor == beside.configurations[1].anchor


def test_figures_are_those_of_the_harness_table(tmp_path):
    cells = [Cell("loans", seed, "Wachter", "Wachter") for seed in range(3)]
    records = [
        measured(cells[0], cost=2.0, held=1.0),
        measured(cells[1], cost=4.0, held=3.0),
        failed(cells[2]),
    ]
    (setting,) = grouped(tmp_path, *records)
    figures = setting.configurations[0].figures.set_index("constraints")
    assert figures.loc[[AS_ANSWERED, HELD], "Cost"].tolist() == [3.0, 2.0]
    assert np.allclose(figures["Cost std"], np.std([1, 3], ddof=1))
    assert figures["failed"].tolist() == [1, 1]
