import pytest

from benchmarks.speed import answer, crud_loss, pairs


def test_pairs_agree_with_the_full_matrix() -> None:
    figures = pairs.measure(n_denied=300, n_accepted=200, top_k=20, runs=1)
    assert figures["ratio"] > 0 and figures["ours_peak_mb"] >= 0


@pytest.mark.parametrize("preset", ["default"])
def test_both_ways_of_sampling_run(preset: str) -> None:
    assert answer.measure(preset, n_factuals=5, n_samples=2, runs=1)["ratio"] > 0


def test_both_losses_of_crud_agree() -> None:
    assert crud_loss.measure(n_columns=5, n_rows=8, steps=2, runs=1)["ratio"] > 0


def test_both_ways_of_asking_keras_agree() -> None:
    pytest.importorskip("tensorflow")
    from benchmarks.speed import keras_call

    assert keras_call.measure(n_people=5, calls=1, runs=1)["ratio"] > 0


@pytest.mark.slow
def test_adults_pairs_take_less_than_a_gigabyte() -> None:
    assert pairs._peak("ours", 20_000, 9_000, 1_000) < 1_000
