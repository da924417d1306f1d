"""Q of very many rows: time and peak memory, against the full matrix of costs, and an index against the exact search.

python -m benchmarks.speed.pairs --root FOLDER      Adult, rows like Adult's, and 10^5 x 10^5 rows of 20 features
python -m benchmarks.speed.pairs --large            with 10^6 x 10^6 rows besides, which takes some minutes more

Of the rows of 20 features one batch is searched for; all_denied_s is extrapolated from it to all that are denied. None
of their features is immutable: each row is held against every target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch

from benchmarks.speed.alternate import alternate, repeated, seconds
from benchmarks.speed.command import finish, parse, timing_parser
from benchmarks.speed.pair_cases import (
    Case,
    adult_like,
    blocks,
    full_matrix,
    of_twenty_features,
    one_batch,
    peaks_mb,
)
from benchmarks.speed.settings import add_data, add_setting, setting
from carla_genre.blackbox import model_probability
from carla_genre.generator.config import DEFAULT, PairConfig
from carla_genre.generator.pairing.pairs import find_pairs, split_rows
from carla_genre.protocol import Setting
from carla_genre.schema import Schema
from carla_genre.threads import processor_threads

LARGE, LARGER = 100_000, 1_000_000


def of_setting(found: Setting) -> Case:
    """The training rows of the paper's protocol."""
    mlmodel = found.mlmodel
    schema, data = Schema.from_mlmodel(mlmodel), mlmodel.data
    values, labels = schema.encode(data.df_train), data.df_train[data.target].to_numpy()
    denied, accepted = split_rows(labels, model_probability(mlmodel, data.df_train), DEFAULT.pairs)
    return Case(values[denied], values[accepted], schema.constraints)


def against_full_matrix(
    make: Callable[[], Case], config: PairConfig, threads: int, runs: int
) -> dict[str, float]:
    """Both ways on the same rows, after a check that they agree."""
    before, ours_mb, reference_mb = peaks_mb([blocks, full_matrix], make, config, threads)
    peaks = {"ours_peak_mb": ours_mb - before, "reference_peak_mb": reference_mb - before}
    case = make()
    with processor_threads(threads):
        ours, reference = blocks(case, config), full_matrix(case, config)
        matched = reference[~reference.isnan().any(1)]
        torch.testing.assert_close(ours, matched[: len(ours)], rtol=1e-3, atol=1e-5)
        return {**alternate(lambda: blocks(case, config), lambda: full_matrix(case, config), runs), **peaks}


def batches(n: int, config: PairConfig, threads: int, runs: int) -> dict[str, dict[str, float]]:
    """A batch of n rows drawn without a table from n targets: exactly, and from an index against that."""
    config = replace(config, table="off")
    indexed = replace(config, search="approximate")
    batch = DEFAULT.training.batch_size
    before_mb, peak_mb = peaks_mb([one_batch], partial(of_twenty_features, n), config, threads)
    case = of_twenty_features(n)
    rows, random = torch.arange(batch) % n, torch.Generator().manual_seed(0)
    found = []
    with processor_threads(threads):
        exact = find_pairs(case.denied, case.accepted, case.constraints, config)
        prepare_s = seconds(
            lambda: found.append(find_pairs(case.denied, case.accepted, case.constraints, indexed))
        )
        (index,) = found
        alone = repeated(lambda: exact.draw(rows, random), runs)
        both = alternate(lambda: index.draw(rows, random), lambda: exact.draw(rows, random), runs)
    of_all = len(exact) / batch
    return {
        f"{n} x {n}, a batch of {batch} without a table": {
            **alone,
            "ours_peak_mb": peak_mb - before_mb,
            "whole_process_mb": peak_mb,
            "all_denied_s": alone["ours_s"] * of_all,
        },
        f"{n} x {n}, such a batch from an index, exact search": {
            **both,
            "index_s": prepare_s,
            "recall": index.recall,
            "all_denied_s": prepare_s + both["ours_s"] * of_all,
            "all_denied_exactly_s": both["reference_s"] * of_all,
        },
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = timing_parser("pairs", __doc__, runs=3)
    parser.add_argument("--denied", type=int, default=20_000, help="rows like Adult's")
    parser.add_argument("--accepted", type=int, default=9_000)
    parser.add_argument("--top-k", type=int, default=DEFAULT.pairs.top_k)
    parser.add_argument("--threads", type=int, default=1, help="of torch; GenRe's default is 1")
    parser.add_argument("--each", type=int, default=LARGE, help="denied, and accepted, rows of 20 features")
    parser.add_argument("--large", action="store_true", help=f"{LARGER} of each besides")
    add_data(parser, default=("adult",))
    add_setting(parser, factuals=200)
    quick = {
        "denied": 300,
        "accepted": 200,
        "top_k": 20,
        "rows": 800,
        "factuals": 20,
        "each": 3000,
        "runs": 1,
    }
    options = parse(parser, arguments, quick)
    config = replace(DEFAULT.pairs, top_k=options.top_k)
    made: dict[str, Callable[[], Case]] = {
        **{
            f"{data}, full matrix": partial(_same, of_setting(setting(data, options)))
            for data in options.data
        },
        f"{options.denied} x {options.accepted} rows like Adult's, full matrix": partial(
            adult_like, options.denied, options.accepted
        ),
    }
    figures = {
        title: against_full_matrix(make, config, options.threads, options.runs)
        for title, make in made.items()
    }
    for each in (options.each, *([LARGER] if options.large else [])):
        figures |= batches(each, config, options.threads, options.runs)
    for name in ("data", "denied", "accepted", "each", "large", "factuals"):
        delattr(options, name)  # the titles tell them
    finish(options, figures)


def _same(case: Case) -> Case:
    return case


if __name__ == "__main__":
    main()
