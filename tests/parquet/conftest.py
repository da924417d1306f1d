import pytest

import carla_genre


@pytest.fixture(scope="session")
def genre():
    """Trained for a moment: what it answers is not the question here."""
    pytest.importorskip("carla")
    from method_cases import QUICK
    from parquet_cases import classifier

    return carla_genre.GenRe(classifier(), QUICK)


@pytest.fixture(scope="session")
def generator(genre, tmp_path_factory):
    """Its checkpoint."""
    path = tmp_path_factory.mktemp("generator") / "genre.safetensors"
    genre.save(path)
    return path
