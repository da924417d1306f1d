"""A grid is checked as a whole before anything starts."""

import pytest
from harness_cases import LOANS

from carla_genre.errors import InputError
from carla_genre.harness import read_grid


def test_cells_are_all_pairs_seed_by_seed(grid_file):
    methods = {
        "NNR": None,
        "near": {"method": "NNR", "hyperparams": {"unmatched": "drop"}, "data": ["loans"]},
    }
    cells = read_grid(grid_file(methods, data=["adult", LOANS], seeds=[3, 1], people=7, rows=100))
    assert [(cell.data, cell.seed, cell.label) for cell in cells] == [
        ("adult", 3, "NNR"),
        ("adult", 1, "NNR"),
        ("loans", 3, "NNR"),
        ("loans", 3, "near"),
        ("loans", 1, "NNR"),
        ("loans", 1, "near"),
    ]
    assert {(cell.n_factuals, cell.rows) for cell in cells} == {(7, 100)}
    assert cells[3].method == "NNR"
    assert cells[3].hyperparams == {"unmatched": "drop"}
    assert cells[0].table is None
    assert (
        cells[2].table["csv"] == "loans.csv"
    )  # as it stands in the file: records are read on other machines
    assert cells[2].table["balanced"] is True


def test_answers_are_kept_where_the_grid_says_so(grid_file):
    kept = read_grid(grid_file({"NNR": None}, answers=True))
    left = read_grid(grid_file({"NNR": None}))
    assert [cell.answers for cell in kept + left] == [True, False]
    assert kept[0].key != left[0].key


def test_each_classifier_has_the_methods_that_are_not_kept_from_it(grid_file):
    methods = {"NNR": None, "Wachter": {"classifiers": "ann"}}
    path = grid_file(
        methods,
        classifiers=["ann", "forest", "own_classifiers:naive_bayes"],
        quick={"classifiers": ["forest"]},
    )
    cells = read_grid(path)
    assert [(cell.classifier, cell.label) for cell in cells] == [
        ("ann", "NNR"),
        ("ann", "Wachter"),
        ("forest", "NNR"),
        ("own_classifiers:naive_bayes", "NNR"),
    ]
    assert [(cell.classifier, cell.label) for cell in read_grid(path, quick=True)] == [("forest", "NNR")]
    assert read_grid(grid_file(methods)) == cells[:2]  # the paper's network, where nothing is said


def test_a_method_may_be_given_a_share_of_the_train_rows(grid_file):
    cells = read_grid(grid_file({"NNR": None, "tenth": {"method": "NNR", "share": 0.1}}))
    assert [cell.share for cell in cells] == [1, 0.1]
    assert read_grid(grid_file({"NNR": {"share": 1}}))[0] == cells[0]


def test_labels_may_be_flipped_before_h_learns_them(grid_file):
    noisy, plain = (read_grid(grid_file({"NNR": None}, **more))[0] for more in ({"label_noise": 0.05}, {}))
    assert (noisy.label_noise, plain.label_noise) == (0.05, 0)
    assert noisy.key != plain.key


def test_what_is_not_said_has_the_paper_s_value(tmp_path):
    (tmp_path / "grid.yaml").write_text("recourse_methods:\n  NNR:\n")
    cells = read_grid(tmp_path / "grid.yaml")
    assert [(cell.data, cell.seed, cell.n_factuals, cell.rows) for cell in cells] == [
        ("adult", 42, 200, None),
        ("compas", 42, 200, None),
        ("heloc", 42, 200, None),
    ]


def test_toys_are_data_that_a_grid_may_name(grid_file):
    assert [cell.data for cell in read_grid(grid_file({"NNR": None}, data=["moons", "corr"]))] == [
        "moons",
        "corr",
    ]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"sedes": [1]}, r"no key 'sedes': did you mean 'seeds'"),
        ({"seeds": []}, r"seeds: give at least one, got \[\]"),
        ({"seeds": [-1]}, r"seeds: Input should be greater than or equal to 0, got -1"),
        ({"seeds": [2**32]}, r"seeds: Input should be less than 4294967296, got 4294967296"),
        ({"seeds": [True]}, r"seeds: Input should be a valid integer, got True"),
        ({"people": 0}, r"people: Input should be greater than or equal to 1, got 0"),
        ({"people": "all"}, r"people: .* got 'all'"),
        ({"rows": 3}, r"rows: Input should be greater than or equal to 20, got 3"),
        ({"label_noise": 0.5}, r"label_noise: Input should be less than 0.5, got 0.5"),
        ({"label_noise": "some"}, r"label_noise: .* got 'some'"),
        ({"data": ["compass"]}, r"data: no 'compass'; did you mean 'compas'"),
        ({"data": ["moon"]}, r"data: no 'moon'; did you mean 'moons'"),
        ({"data": [{**LOANS, "name": "corr"}]}, r"the name 'corr' is taken"),
        ({"data": []}, r"data: give at least one, got \[\]"),
        ({"data": [{**LOANS, "immutable": ["sex"]}]}, r"data.loans has no key 'immutable'.*'immutables'"),
        ({"data": [{**LOANS, "immutables": ["sxe"]}]}, r"data.loans: immutables: .*'sxe'.*'sex'"),
        ({"data": [{**LOANS, "csv": "laons.csv"}]}, r"data.loans: .*laons.csv"),
        ({"data": [{**LOANS, "name": "adult"}]}, r"the name 'adult' is taken"),
        (
            {"data": [{**LOANS, "balanced": "yes"}]},
            r"data.loans.balanced: Input should be a valid boolean, got 'yes'",
        ),
        ({"data": [{"name": "loans"}]}, r"data.loans: the key 'csv' is missing"),
        ({"data": [LOANS, LOANS]}, r"the name 'loans' is taken"),
        ({"quick": {"people": 0}}, r"quick.people: Input should be greater than or equal to 1, got 0"),
        ({"quick": {"peeple": 1}}, r"quick has no key 'peeple': did you mean 'people'"),
        (
            {"quick": {"data": ["adult"]}},
            r"quick.data: no 'adult'; did you mean|quick.data: no 'adult'; there are",
        ),
        ({"classifiers": ["forrest"]}, r"classifiers: no classifier 'forrest'\. Did you mean 'forest'\?"),
        ({"classifiers": []}, r"classifiers: give at least one, got \[\]"),
        ({"classifiers": [3]}, r"classifiers: Input should be a valid string, got 3"),
        ({"classifiers": ["gone:train"]}, r"classifiers: cannot load the classifier 'gone:train'"),
        ({"quick": {"classifiers": ["linear"]}}, r"quick.classifiers: no 'linear'; there are \['ann'\]"),
        ({"recourse_methods": {"NNR": {"classifiers": ["forest"]}}}, r"NNR.classifiers: no 'forest'"),
        ({"answers": "yes"}, r"answers: Input should be a valid boolean, got 'yes'"),
        ({"answer": True}, r"no key 'answer': did you mean 'answers'"),
        (
            {"classifiers": ["misbehaving_import:train"]},
            r"'misbehaving_import:train': RuntimeError: no licence",
        ),
        (
            {"recourse_methods": {"a": {"method": "misbehaving_import:A"}}},
            r"method.*RuntimeError: no licence",
        ),
        ({"recourse_methods": {"two\nlines": {"method": "NNR"}}}, r"recourse_methods: a name is one line"),
        ({"recourse_methods": {"": {"method": "NNR"}}}, r"recourse_methods: a name is one line .* got ''"),
        ({"data": [{**LOANS, "name": "lo\nans"}]}, r"name: a name is one line of text, got"),
        (
            {"classifiers": ["ann", "forest"], "recourse_methods": {"NNR": {"data": []}}},
            r"recourse_methods.NNR.data: give at least one, got \[\]",
        ),
        ({"recourse_methods": {}}, r"recourse_methods: give at least one, got {}"),
        ({"recourse_methods": ["NNR"]}, r"recourse_methods: expected a mapping, got \['NNR'\]"),
        ({"recourse_methods": {"NRN": None}}, r"recourse_methods.NRN: no recourse method 'NRN'.*'NNR'"),
        (
            {"recourse_methods": {"a": {"method": "gone:Away"}}},
            r"recourse_methods.a: cannot load .*'gone:Away'",
        ),
        ({"recourse_methods": {"a": {"method": "misbehaving:NoMethod"}}}, r"is no RecourseMethod"),
        ({"recourse_methods": {"NNR": {"hyperparameters": {}}}}, r"did you mean 'hyperparams'"),
        ({"recourse_methods": {"NNR": {"hyperparams": {"gama": 1}}}}, r"'gama': did you mean 'gamma'"),
        ({"recourse_methods": {"NNR": {"hyperparams": {"gamma": 2}}}}, r"gamma must be in \[0.5, 1\), got 2"),
        ({"recourse_methods": {"Wachter": {"hyperparams": {"lr": "fast"}}}}, r"Wachter: .*lr must be float"),
        (
            {"recourse_methods": {"NNR": {"quick": {"gamma": 2}}}},
            r"recourse_methods.NNR.quick: .*gamma must be",
        ),
        (
            {"recourse_methods": {"NNR": {"share": 0}}},
            r"NNR.share: Input should be greater than 0, got 0",
        ),
        (
            {"recourse_methods": {"NNR": {"share": 1.1}}},
            r"NNR.share: Input should be less than or equal to 1, got 1.1",
        ),
        (
            {"recourse_methods": {"NNR": {"share": True}}},
            r"NNR.share: Input should be a valid number, got True",
        ),
        ({"recourse_methods": {"NNR": {"shares": 1}}}, r"no key 'shares': did you mean 'share'"),
        ({"recourse_methods": {"NNR": {"data": ["adult"]}}}, r"recourse_methods.NNR.data: no 'adult'"),
        (
            {"recourse_methods": {"a": {"method": "misbehaving:Stay", "hyperparams": {1: 2}}}},
            r"recourse_methods.a.hyperparams: Input should be a valid string, got 1",
        ),
    ],
)
def test_what_is_wrong_is_named_with_the_file(grid_file, grid, message):
    path = grid_file(grid.pop("recourse_methods", {"NNR": None}), **grid)
    with pytest.raises(InputError, match=message) as error:
        read_grid(path)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recourse_methods:\n  NNR:\n  NNR: {}\n", r"line 3: the key 'NNR' stands twice"),
        (
            "recourse_methods:\n  yes: {method: NNR}\n  on: {method: GenRe}\n",
            r"line 3: the key 'on' stands twice",
        ),
        ("recourse_methods: {1: {method: NNR}, 1.0: {method: GenRe}}\n", "the key '1.0' stands twice"),
        ("recourse_methods: {true: {method: NNR}, 'True': {method: GenRe}}\n", "the key 'True' stands twice"),
        ("seeds: [1\n", r"while parsing"),
        ("- NNR\n", r"the grid: expected a mapping, got \['NNR'\]"),
        ("", r"the grid: the key 'recourse_methods' is missing"),
    ],
)
def test_a_file_that_is_no_grid_is_refused(tmp_path, text, message):
    (tmp_path / "grid.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_grid(tmp_path / "grid.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"grid.yaml: .*No such file"):
        read_grid(tmp_path / "grid.yaml")


def test_quick_is_what_the_file_says_and_nothing_else(grid_file):
    methods = {
        "near": {
            "method": "NNR",
            "hyperparams": {"gamma": 0.8, "unmatched": "drop"},
            "quick": {"gamma": 0.6},
        },
        "CCHVAE": {
            "hyperparams": {"vae_params": {"epochs": 9, "lr": 0.1}},
            "quick": {"vae_params": {"epochs": 1}},
        },
        "Face": {"quick": False},
        "CopyFactual": None,
    }
    path = grid_file(
        methods, data=["adult", LOANS], seeds=[1, 2], quick={"data": ["loans"], "seeds": [5], "rows": 90}
    )
    whole, quick = read_grid(path), read_grid(path, quick=True)
    assert len(whole) == 2 * 2 * 4
    assert [(c.data, c.seed, c.label, c.n_factuals, c.rows) for c in quick] == [
        ("loans", 5, "near", 5, 90),
        ("loans", 5, "CCHVAE", 5, 90),
        ("loans", 5, "CopyFactual", 5, 90),
    ]
    assert quick[0].hyperparams == {"gamma": 0.6, "unmatched": "drop"}
    assert quick[1].hyperparams == {"vae_params": {"epochs": 1, "lr": 0.1}}
    assert whole[1].hyperparams == {"vae_params": {"epochs": 9, "lr": 0.1}}
    assert not {cell.key for cell in whole} & {cell.key for cell in quick}


def test_without_a_word_on_quick_there_is_none(grid_file):
    with pytest.raises(InputError, match="no key 'quick'"):
        read_grid(grid_file({"NNR": None}), quick=True)


def test_only_chooses_labels(grid_file):
    path = grid_file({"NNR": None, "CopyFactual": None})
    assert [cell.label for cell in read_grid(path, only=["CopyFactual"])] == ["CopyFactual"]
    with pytest.raises(InputError, match="--only: no 'copyfactual'; did you mean 'CopyFactual'"):
        read_grid(path, only=["copyfactual"])


def test_a_choice_that_leaves_nothing_is_refused(grid_file):
    path = grid_file({"NNR": {"data": ["adult"]}, "GenRe": None}, data=["adult", LOANS])
    with pytest.raises(InputError, match=r"no cell is left: none of \['NNR'\] is for data \['loans'\]"):
        read_grid(path, only=["NNR"], data=["loans"])


def test_data_and_seeds_choose_too(grid_file):
    path = grid_file({"NNR": None}, data=["adult", "compas"], seeds=[0, 1])
    cells = read_grid(path, data=["compas"], seeds=[42])
    assert [(cell.data, cell.seed) for cell in cells] == [("compas", 42)]
    assert cells[0].key not in {cell.key for cell in read_grid(path)}
    assert read_grid(path, data=["compas"], seeds=[1]) == read_grid(path)[3:]
    assert [cell.data for cell in read_grid(path, data=["hmda"], seeds=[0])] == ["hmda"]
    with pytest.raises(InputError, match="--data: no 'helok'; did you mean 'heloc'"):
        read_grid(path, data=["helok"])
    with pytest.raises(InputError, match="--seeds: expected whole numbers from 0"):
        read_grid(path, seeds=[-1])


def test_table_2_is_a_grid_and_its_quick_form_needs_no_download(repository):
    path = repository / "benchmarks" / "paper" / "table2.yaml"
    whole, quick = read_grid(path), read_grid(path, quick=True)
    assert len(whole) == 3 * 5 * len(quick)
    assert {(cell.n_factuals, cell.rows) for cell in whole} == {(200, None)}
    assert {(cell.data, cell.seed, cell.n_factuals) for cell in quick} == {("adult", 0, 20)}
