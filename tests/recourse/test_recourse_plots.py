"""Pictures and what they are drawn from: one person's candidates, the group, the training."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loans import PEOPLE, TRAIN, built, pipeline, refused

from carla_genre import Recourse
from carla_genre.constraints import AtMost, Freeze, Where
from carla_genre.errors import InputError
from carla_genre.recourse.words import people_of, summary_of


@pytest.fixture(scope="module")
def person(model: Any) -> pd.DataFrame:
    return refused(model, PEOPLE).head(1)


def test_candidates_say_what_became_of_each(recourse: Recourse, model: Any, person: pd.DataFrame) -> None:
    rule = Where(lambda rows: rows["debt"] > 1000, "debt above 1000")
    found = recourse.candidates(person, n=2, constraints=[rule])
    features = list(person.columns)
    assert list(found.columns) == [*features, "h", "cost", "valid", "inlier", "changes", "state"]
    assert (found["age"] == person["age"].iloc[0]).all()
    np.testing.assert_array_equal(model.predict_proba(found[features])[:, 1], found["h"])
    by_state = dict(list(found.groupby("state")))
    assert (by_state["accepted"]["h"] > 0.5).all()
    assert (by_state["refused by the classifier"]["h"] <= 0.5).all()
    broken = by_state["refused by a constraint"]
    assert ((broken["debt"] <= 1000) | (broken["changes"] == 0)).all()
    options = recourse.recommend(person, n=2, constraints=[rule])
    chosen = found[found["state"] == "chosen"]
    assert chosen[features].to_numpy().tolist() == options.rows.to_numpy().tolist()
    for name in ("h", "cost", "changes"):
        np.testing.assert_allclose(chosen[name], options.figures[name])


def test_candidates_of_few_changes_change_few(recourse: Recourse, person: pd.DataFrame) -> None:
    found = recourse.candidates(person, constraints=AtMost(1))
    assert found["changes"].max() == 1


def test_candidates_are_of_one_readable_person(recourse: Recourse, person: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="one row"):
        recourse.candidates(PEOPLE)
    with pytest.raises(InputError, match="home"):
        recourse.candidates(person.assign(home="boat"))
    with pytest.raises(InputError, match="n=0"):
        recourse.candidates(person, n=0)


def test_candidates_picture_counts_each_state(recourse: Recourse, person: pd.DataFrame) -> None:
    pytest.importorskip("matplotlib")
    (axes,) = recourse.plot_candidates(person, n=2).axes
    told = {text.get_text() for text in axes.get_legend().get_texts()}
    counts = recourse.candidates(person, n=2)["state"].value_counts()
    assert told == {f"{state} ({count})" for state, count in counts.items()}


def test_group_picture_has_a_bar_a_feature_and_a_point_an_option(
    recourse: Recourse, model: Any, person: pd.DataFrame
) -> None:
    pytest.importorskip("matplotlib")
    found = recourse.recommend(refused(model, PEOPLE), n=2)
    above, below = found.plot().axes
    first = found.changes[found.changes["option"] == 1]
    share = first["feature"].value_counts() / (found.status == "answered").sum()
    assert [bar.get_width() for bar in above.patches][::-1] == pytest.approx(share.tolist())
    assert sum(len(points.get_offsets()) for points in below.collections) == len(found)
    nobody = recourse.recommend(PEOPLE.head(0)).plot()
    assert not nobody.axes[1].collections


def test_dollars_and_codes_are_told_as_they_are() -> None:
    """Two dollars are no formula to matplotlib, and from code 1 to code 3 is no growth by 2."""
    names, codes = {"income": "income ($a_$)", "home": "code"}, {"own": 3, "rent": 1, "parents": 2}
    table, people = (
        frame.assign(home=frame["home"].map(codes)).rename(columns=names) for frame in (TRAIN, PEOPLE)
    )
    model = pipeline(table, numbers=["age", "income ($a_$)", "debt", "dependants"])
    recourse = built(model, table, categorical=["code"])
    for feature, told in (("income ($a_$)", "median "), ("code", "mostly ")):
        found = recourse.recommend(refused(model, people), constraints=Freeze(only=[feature]))
        options = [option for person in people_of(found) for option in person.options]
        changes = [one for option in options for one in option.changes]
        assert changes
        assert all((one.difference == "") == (one.feature == "code") for one in changes)
        assert all(line.typical.startswith(told) for line in summary_of(found))
        pytest.importorskip("matplotlib")
        for figure in (found.plot(), found.plot(found.changes["person"].iloc[0])):
            figure.draw_without_rendering()


def test_training_curves_are_the_history(recourse: Recourse) -> None:
    pytest.importorskip("matplotlib")
    (axes,) = recourse.plot_training().axes
    history = recourse.genre_.history
    assert history is not None
    train, held_out = axes.lines[0], axes.lines[1]
    assert list(train.get_xdata()) == history.step
    assert list(train.get_ydata()) == history.train
    assert list(held_out.get_ydata()) == history.validation


def test_a_loaded_generator_has_no_curves(recourse: Recourse, model: Any, tmp_path: Any) -> None:
    recourse.save(tmp_path / "saved")
    again = Recourse.load(tmp_path / "saved", model, TRAIN)
    with pytest.raises(InputError, match="no history"):
        again.plot_training()


def test_page_draws_cost_against_validity_and_filters_by_what_changes(recourse: Recourse, model: Any) -> None:
    found = recourse.recommend(refused(model, PEOPLE), n=2)
    page = found.to_html()
    assert page is not None
    answered = (found.status == "answered").sum()
    assert page.count("<circle") == answered
    first = found.changes[found.changes["option"] == 1]
    for feature in first["feature"].unique():
        assert f"<option>{feature}</option>" in page
    costs = found.figures["cost"][found.figures["option"] == 1]
    assert f"cost at most {np.sort(costs)[len(costs) // 2]:.2f}" in page
    nobody = recourse.recommend(PEOPLE.head(0)).to_html()
    assert nobody is not None
    assert "<circle" not in nobody


@pytest.mark.slow
def test_page_works_in_a_browser(recourse: Recourse, model: Any, tmp_path: Any) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    browser_path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if browser_path is None:
        pytest.skip("no Chromium")
    found = recourse.recommend(PEOPLE, n=2)
    found.to_html(tmp_path / "page.html")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": 390, "height": 800})
        failures: list[str] = []
        window.on("pageerror", lambda error: failures.append(str(error)))
        window.goto((tmp_path / "page.html").as_uri())
        assert window.evaluate("document.documentElement.scrollWidth") <= 390
        feature = found.changes["feature"].iloc[0]
        window.select_option("#feature", feature)
        shown = window.locator("article:visible").count()
        assert shown == found.changes.loc[found.changes["feature"] == feature, "person"].nunique()
        window.select_option("#feature", "")
        window.select_option("#show", "accepted")
        assert window.locator("article:visible").count() == (found.status == "accepted already").sum()
        browser.close()
    assert failures == []
