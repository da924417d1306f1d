"""From Parquet to Parquet: nobody is lost, and what is written is what GenRe answers."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from method_cases import QUICK, ROLES, Logistic, applicants, make_mlmodel
from parquet_cases import CLASSIFIER, FEATURES, contents, people, read, write

from carla_genre import GenRe, InputError, load_dataset
from carla_genre.parquet import answer_parquet, source
from carla_genre.parquet.answer_batch import REFUSED, ROUNDED


def answer(generator, path, out, **options):
    return answer_parquet(generator, CLASSIFIER, path, out, verbose=False, **options)


@pytest.fixture(scope="module")
def frame():
    return people()


@pytest.fixture(scope="module")
def answered(generator, frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answered")
    path = write(frame, folder / "people.parquet")
    counts = answer(generator, path, folder / "out", scores=True)
    return folder / "out", counts


def test_everybody_is_in_one_folder_once(answered, frame):
    out, counts = answered
    rows = [read(out, folder)["row"] for folder in ("answers", "accepted", "failures")]
    assert [len(part) for part in rows] == list(counts)
    assert sorted(np.concatenate(rows)) == list(range(len(frame)))
    assert min(counts.answers, counts.accepted) > 10


def test_the_answers_are_those_of_genre(answered, frame, genre):
    out, _ = answered
    data = genre._mlmodel.data
    encoded = data.transform(frame)
    h = genre._mlmodel.predict(encoded)
    expected = genre.get_counterfactuals(encoded[h <= 0.5])
    answers = read(out, "answers").set_index("row")
    assert list(answers.index) == list(expected.dropna().index)
    raw = data.transform(answers[FEATURES])[list(expected)]
    np.testing.assert_allclose(raw.to_numpy(float), expected.dropna().to_numpy(float), atol=1e-12)
    np.testing.assert_allclose(answers["h_factual"], h[answers.index])
    np.testing.assert_allclose(answers["h_answer"], genre._mlmodel.predict(raw))
    assert (answers["h_answer"] > 0.5).all()
    values = genre.schema.encode(encoded.loc[answers.index])
    np.testing.assert_allclose(answers["cost"], genre.schema.cost(values, genre.schema.encode(raw)))
    refused = read(out, "failures").set_index("row")
    assert set(refused.index) == set(expected.index) - set(answers.index)
    assert set(refused["reason"]) <= {REFUSED}
    assert list(read(out, "accepted")["row"]) == np.flatnonzero(h > 0.5).tolist()


def test_units_types_and_what_may_not_change_are_the_inputs(answered, frame):
    answers = read(answered[0], "answers").set_index("row")
    assert answers[FEATURES].dtypes.to_dict() == frame[FEATURES].dtypes.to_dict()
    before = frame.loc[answers.index]
    for name in ("age", "region"):
        assert answers[name].tolist() == before[name].tolist()
    assert set(answers["job"]) <= set(frame["job"]) and (answers["job"] != before["job"]).any()
    assert (answers["debt"] != before["debt"]).any()


@pytest.mark.slow
def test_row_groups_files_and_batches_change_no_answer(answered, generator, frame, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "BATCH_ROWS", 7)
    write(frame[:70], tmp_path / "in" / "a.parquet", group=9)
    write(frame[70:], tmp_path / "in" / "deeper" / "b.parquet", group=1000)
    (tmp_path / "in" / "_metadata.parquet").write_text("not rows")
    answer(generator, tmp_path / "in", tmp_path / "folder", scores=True)
    for folder in ("answers", "accepted", "failures"):
        whole = read(answered[0], folder)
        assert len(whole) == len(read(tmp_path / "folder", folder))
        pd.testing.assert_frame_equal(read(tmp_path / "folder", folder), whole, rtol=1e-12)
    pattern = answer(generator, tmp_path / "in" / "**" / "?.parquet", tmp_path / "pattern", scores=True)
    assert pattern == answered[1]


def test_bad_rows_are_told_and_stop_nobody(answered, generator, frame, tmp_path):
    bad = frame.assign(income=frame["income"].astype(float), age=frame["age"].astype(float))
    bad.loc[3, "age"] = np.nan
    bad.loc[4, "job"] = "astronaut"
    bad.loc[5, ["income", "owner"]] = [np.inf, None]
    bad.loc[6, "region"] = " "
    good = bad.drop(index=[3, 4, 5, 6]).index
    bad.loc[7, "job"] = f" {bad.loc[7, 'job']}"
    counts = answer(generator, write(bad, tmp_path / "bad.parquet"), tmp_path / "out")
    assert sum(counts) == len(frame)
    reasons = read(tmp_path / "out", "failures").set_index("row")["reason"]
    assert reasons[[3, 4, 5, 6]].tolist() == [
        "missing value in 'age'",
        "unknown category 'astronaut' in 'job'",
        "infinite value in 'income'; missing value in 'owner'",
        "missing value in 'region'",
    ]
    whole = read(answered[0], "answers").set_index("row")[FEATURES]
    others = read(tmp_path / "out", "answers").set_index("row")[FEATURES]
    expected = whole.loc[whole.index.intersection(good)].drop(columns="job")
    pd.testing.assert_frame_equal(others.drop(columns="job"), expected, check_dtype=False)


def test_people_outside_the_training_range_are_answered_where_they_are(generator, frame, tmp_path):
    far = frame.assign(age=99, income=frame["income"] - 500)
    counts = answer(generator, write(far, tmp_path / "far.parquet"), tmp_path / "out")
    assert counts.answers > 0
    assert (read(tmp_path / "out", "answers")["age"] == 99).all()


@pytest.mark.parametrize(
    "types",
    [
        {"income": pa.float32(), "age": pa.int8(), "debt": pa.uint16()},
        {"job": pa.dictionary(pa.int32(), pa.string()), "owner": pa.large_string()},
        {"income": pa.decimal128(12, 2), "debt": pa.float64()},
    ],
)
def test_the_input_keeps_its_types(generator, frame, tmp_path, types):
    path = write(frame, tmp_path / "people.parquet", types=types)
    counts = answer(generator, path, tmp_path / "out", scores=True)
    assert counts.answers > 10
    written = pq.read_table(next((tmp_path / "out" / "answers").glob("*.parquet")))
    for name, kind in types.items():
        assert written.schema.field(name).type == getattr(kind, "value_type", kind)
    assert min(written["h_answer"].to_pylist()) > 0.5
    before = frame["region"].iloc[written["row"].to_pylist()]
    assert written["region"].to_pylist() == before.tolist()


@pytest.mark.parametrize("encoding", ["Identity", "OneHot"])
def test_every_encoding_of_the_classifiers_data(encoding, frame, tmp_path):
    mlmodel = make_mlmodel(encoding)
    GenRe(mlmodel, QUICK).save(tmp_path / "g.safetensors")
    strange = frame.assign(job=frame["job"].where(frame.index > 0, "astronaut"))
    path = write(strange, tmp_path / "in.parquet")
    counts = answer_parquet(tmp_path / "g.safetensors", mlmodel, path, tmp_path / "out", verbose=False)
    assert sum(counts) == len(frame) and counts.answers > 10
    assert "unknown category 'astronaut'" in read(tmp_path / "out", "failures")["reason"][0]
    answers = read(tmp_path / "out", "answers").set_index("row")
    assert (mlmodel.predict(mlmodel.data.transform(answers)) > 0.5).all()


@pytest.mark.parametrize("floats", [False, True])
def test_categories_that_are_numbers_or_truth_values(frame, tmp_path, floats):
    def coded(table):
        return table.assign(
            owner=table["owner"] == "yes", region=table["region"].map({"north": 10, "south": 20, "west": 30})
        )

    mlmodel = Logistic(load_dataset(coded(applicants()), quiet=True, **ROLES))
    GenRe(mlmodel, QUICK).save(tmp_path / "g.safetensors")
    asked = coded(frame).astype({"region": float}) if floats else coded(frame)
    path = write(asked, tmp_path / "in.parquet")
    counts = answer_parquet(tmp_path / "g.safetensors", mlmodel, path, tmp_path / "out", verbose=False)
    assert counts.answers > 10 and sum(counts) == len(frame)
    answers = read(tmp_path / "out", "answers").set_index("row")
    assert answers[FEATURES].dtypes.to_dict() == asked[FEATURES].dtypes.to_dict()
    assert (answers["owner"] != asked.loc[answers.index, "owner"]).any()
    assert (answers["region"] == asked.loc[answers.index, "region"]).all()


def test_an_answer_that_does_not_survive_rounding_is_none(generator, genre, frame, tmp_path):
    whole = frame.assign(income=(frame["income"] / 10).round().astype(int))
    counts = answer(generator, write(whole, tmp_path / "in.parquet"), tmp_path / "out", scores=True)
    answers, failures = read(tmp_path / "out", "answers"), read(tmp_path / "out", "failures")
    assert sum(counts) == len(frame) and counts.answers > 10
    assert answers["income"].dtype.kind == "i"
    h = genre._mlmodel.predict(genre._mlmodel.data.transform(answers[FEATURES]))
    np.testing.assert_allclose(answers["h_answer"], h)
    assert (h > 0.5).all()
    assert set(failures["reason"]) <= {REFUSED, ROUNDED}


def test_an_index_of_the_inputs_own_names_the_people(generator, frame, tmp_path):
    named = frame.assign(person=[f"p{row:03d}" for row in range(len(frame))], note="not a feature")
    answer(generator, write(named, tmp_path / "in.parquet"), tmp_path / "out", index="person")
    found = [read(tmp_path / "out", folder)["person"] for folder in ("answers", "accepted", "failures")]
    assert sorted(np.concatenate(found)) == named["person"].tolist()
    assert list(read(tmp_path / "out", "answers")) == ["person", *FEATURES]


def test_sampling_can_be_changed(generator, frame, tmp_path):
    path = write(frame, tmp_path / "in.parquet")
    few = answer(generator, path, tmp_path / "few", sampling={"n_samples": 1, "temperature": 0.1})
    many = answer(generator, path, tmp_path / "many", sampling={"n_samples": 50})
    assert few.answers < many.answers


def test_a_job_that_was_stopped_goes_on(answered, generator, frame, tmp_path, monkeypatch):
    path, out = write(frame, tmp_path / "people.parquet"), tmp_path / "out"
    calls = []

    def few_batches(groups, columns):
        calls.extend(group.part for group in groups)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return source.read_batches(groups, columns)

    monkeypatch.setattr("carla_genre.parquet.job.read_batches", few_batches)
    with pytest.raises(KeyboardInterrupt):
        answer(generator, path, out, scores=True)
    before = contents(out)
    assert sorted(before) == [
        "accepted/part-000000.parquet",
        "answers/part-000000.parquet",
        "failures/part-000000.parquet",
        "job.json",
    ]
    died = "import os, sys, carla_genre.io as io\nwith io.whole_file(sys.argv[1]): os._exit(9)"
    subprocess.run([sys.executable, "-c", died, out / "answers" / "part"])
    assert len(list((out / "answers").iterdir())) == 2
    assert answer(generator, path, out, scores=True) == answered[1]
    assert calls == [0, 1, 1, 2]
    after = contents(out)
    assert {name: after[name] for name in before} == before
    assert after == contents(answered[0])


def test_another_jobs_folder_is_refused(generator, genre, frame, tmp_path):
    path, out = write(frame[:20], tmp_path / "people.parquet"), tmp_path / "out"
    answer(generator, path, out)
    with pytest.raises(InputError, match="another job, which had another scores"):
        answer(generator, path, out, scores=True)
    other = tmp_path / "other.safetensors"
    genre.with_sampling(seed=3).save(other)
    with pytest.raises(InputError, match="another generator"):
        answer(other, path, out)
    write(frame[20:40], path)
    with pytest.raises(InputError, match="another input"):
        answer(generator, path, out)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"not empty and has no job\.json"):
        answer(generator, path, tmp_path / "full")


@pytest.mark.parametrize("damage", ["fewer rows", "absent", "empty", "cut", "none of Parquet", "a folder"])
@pytest.mark.parametrize("folder", ["answers", "accepted", "failures"])
def test_a_damaged_part_is_answered_again(answered, generator, frame, tmp_path, folder, damage):
    path, out = write(frame, tmp_path / "people.parquet"), tmp_path / "out"
    shutil.copytree(answered[0], out)
    part = out / folder / "part-000001.parquet"
    content = part.read_bytes()
    if damage == "fewer rows":
        pq.write_table(pq.read_table(part).slice(1), part)
    elif damage == "a folder":
        part.unlink()
        part.mkdir()
        with pytest.raises(InputError, match="cannot be written"):
            answer(generator, path, out, scores=True)
        return
    elif damage == "absent":
        part.unlink()
    else:
        part.write_bytes({"empty": b"", "cut": content[:-10], "none of Parquet": b"{}" * 50}[damage])
    assert answer(generator, path, out, scores=True) == answered[1]
    assert contents(out) == contents(answered[0])


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped"])
def test_damaged_input_is_one_error_and_hides_no_answer(generator, frame, tmp_path, damage):
    path = write(frame, tmp_path / "people.parquet")
    content = path.read_bytes()
    middle = len(content) // 3
    flipped = content[:middle] + b"\xff" * 400 + content[middle + 400 :]
    path.write_bytes({"empty": b"", "cut": content[:-50], "flipped": flipped}[damage])
    with pytest.raises(InputError, match="cannot be read"):
        answer(generator, path, tmp_path / "out")


@pytest.mark.parametrize(
    "layout", ["string_view", "large_string", "dictionary", "dictionary of large", "halves"]
)
def test_every_layout_of_the_same_values_has_the_same_answers(answered, generator, frame, tmp_path, layout):
    kinds = {
        "string_view": pa.string_view(),
        "large_string": pa.large_string(),
        "dictionary": pa.dictionary(pa.int8(), pa.string()),
        "dictionary of large": pa.dictionary(pa.int32(), pa.large_string()),
    }
    types = (
        dict.fromkeys(("job", "owner", "region"), kinds[layout]) if layout in kinds else {"age": pa.float16()}
    )
    path = write(frame, tmp_path / "people.parquet", types=types)
    assert answer(generator, path, tmp_path / "out", scores=True) == answered[1]
    pd.testing.assert_frame_equal(
        read(tmp_path / "out", "answers"), read(answered[0], "answers"), check_dtype=False
    )


def test_no_rows_are_no_error(generator, frame, tmp_path):
    path = write(frame[:0].astype(frame.dtypes), tmp_path / "none.parquet")
    assert sum(answer(generator, path, tmp_path / "out")) == 0
