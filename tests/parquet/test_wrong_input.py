"""What is wrong is told in one line, before any work."""

import pytest
from parquet_cases import CLASSIFIER, people, write

from carla_genre import CheckpointError, InputError
from carla_genre.parquet import answer_parquet


@pytest.fixture
def frame():
    return people(8)


def refused(generator, path, tmp_path, match, error=InputError, classifier=CLASSIFIER, **options):
    with pytest.raises(error, match=match):
        answer_parquet(generator, classifier, path, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there(generator, tmp_path):
    refused(generator, tmp_path / "nobody.parquet", tmp_path, "nobody.parquet is no file, folder or pattern")
    (tmp_path / "empty").mkdir()
    refused(generator, tmp_path / "empty", tmp_path, r"holds no \*\.parquet file")


def test_what_is_no_parquet_file(generator, tmp_path):
    (tmp_path / "people.csv").write_text("income,age\n1,2\n")
    refused(generator, tmp_path / "people.csv", tmp_path, "people.csv cannot be read as Parquet")


def test_columns_that_are_absent_of_a_wrong_type_or_twice_named(generator, frame, tmp_path):
    path = tmp_path / "in.parquet"
    refused(generator, write(frame.drop(columns="debt"), path), tmp_path, r"lacks the columns \['debt'\]")
    refused(
        generator,
        write(frame.astype({"debt": str}), path),
        tmp_path,
        "'debt' is a number .* and (large_)?string",
    )
    refused(generator, write(frame.assign(job=1), path), tmp_path, "column 'job' is int64 in the input")
    refused(generator, write(frame, path), tmp_path, "no column 'name' to be the index", index="name")
    refused(generator, write(frame, path), tmp_path, "'age' would be the name of two columns", index="age")


def test_files_of_different_types(generator, frame, tmp_path):
    write(frame, tmp_path / "in" / "a.parquet")
    write(frame.astype({"age": float}), tmp_path / "in" / "b.parquet")
    refused(
        generator, tmp_path / "in", tmp_path, r"'age' is double in .*b\.parquet and int64 in those before"
    )


def test_the_classifier_and_the_generator(generator, frame, tmp_path):
    path = write(frame, tmp_path / "in.parquet")
    refused(generator, path, tmp_path, "is no 'module:function'", classifier="forest")
    refused(generator, path, tmp_path, "cannot load the classifier", classifier="nowhere:classifier")
    refused(
        generator, path, tmp_path, "must give an MLModel of CARLA's, got dict", classifier="builtins:dict"
    )
    refused(generator, path, tmp_path, "cannot be made: TypeError", classifier="builtins:ord")
    refused(tmp_path / "none.safetensors", path, tmp_path, "no checkpoint at", error=CheckpointError)
    refused(generator, path, tmp_path, "workers must be 1 or more", workers=0)
    refused(generator, path, tmp_path, "name it 'module:function'", classifier=object(), workers=2)


@pytest.mark.parametrize("place", [0.002, 0.99])
def test_a_damaged_file_is_named(place, generator, frame, tmp_path):
    path = write(frame, tmp_path / "in.parquet")
    content = bytearray(path.read_bytes())
    start = int(place * len(content))
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"in\.parquet cannot be read as Parquet"):
        answer_parquet(generator, CLASSIFIER, path, tmp_path / "out")
