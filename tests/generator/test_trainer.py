import errno
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from generator_cases import SUMMARY, TRAINING, for_each_damage, make_constraints, make_generator, make_pairs

from carla_genre.errors import CheckpointError, InputError, TrainingError
from carla_genre.generator import training_state
from carla_genre.generator.config import Architecture, Training
from carla_genre.generator.fitting import fit
from carla_genre.generator.generator import Generator
from carla_genre.generator.pairing.pairs import Pairs
from carla_genre.generator.trainer import Trainer, make_optimizer
from carla_genre.generator.training_state import History


def trainer(training: Training = TRAINING, architecture: Architecture = SUMMARY, seed: int = 0) -> Trainer:
    generator = make_generator(architecture, training=training)
    return Trainer(generator, make_pairs(), training, seed, verbose=False)


def weights(fitted: Trainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in fitted.generator.parameters()])


def interrupt(running: Trainer, at: int, times: int = 1) -> None:
    """Ctrl-C in the middle of a step, when the network is about to read the batch."""

    def stop(network: torch.nn.Module, _: object) -> None:
        if network.training and running.step == at:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    running.generator.transformer.register_forward_pre_hook(stop)


def test_training_lowers_the_loss_and_repeats(architecture: Architecture) -> None:
    first, second, other = (trainer(architecture=architecture, seed=seed) for seed in (0, 0, 1))
    before = first.validation_loss()
    history = first.fit()
    assert min(history.validation) < before - 0.3
    assert second.fit() == history
    assert torch.equal(weights(first), weights(second))
    other.fit()
    assert not torch.equal(weights(first), weights(other))


@pytest.mark.parametrize("soft", [False, True])
def test_the_best_weights_are_restored(soft: bool) -> None:
    fitted = trainer(replace(TRAINING, patience=0, soft_labels=soft))

    def spoil_late(network: torch.nn.Module, _: object) -> None:
        if network.training and fitted.step >= 18:
            for parameter in network.parameters():
                parameter.data.mul_(1.5)

    fitted.generator.transformer.register_forward_pre_hook(spoil_late)
    history = fitted.fit()
    assert history.best_step == 18
    assert history.validation[-1] > min(history.validation)
    assert fitted.validation_loss() == pytest.approx(min(history.validation), rel=1e-6)


def test_patience_ends_it_early() -> None:
    fitted = trainer(
        replace(TRAINING, learning_rate=0.5, schedule="constant", steps=400, evaluations=40, patience=3)
    )
    history = fitted.fit()
    assert history.step[-1] < 400
    assert len(history.step) - 1 - history.step.index(history.best_step) == 3


def test_the_held_out_are_a_tenth_and_never_trained_on() -> None:
    batches = trainer().batches
    assert len(batches.held_out) == 15
    seen = torch.cat([batches.next() for _ in range(9)])
    assert not torch.isin(seen, batches.held_out).any()
    epoch = seen[:135]
    assert sorted(epoch.tolist()) == sorted(batches.train_rows.tolist())


def test_epochs_bound_the_steps() -> None:
    assert trainer(replace(TRAINING, epochs=7)).n_steps == 7 * 3  # 135 rows in batches of 64


@pytest.mark.parametrize(
    ("at", "dropout"), [pytest.param(3, 0.0, marks=pytest.mark.slow), (14, 0.2), (29, 0.0)]
)
def test_an_interrupted_run_resumes_to_the_same_end(at: int, dropout: float, tmp_path: Path) -> None:
    file = tmp_path / "folder" / "state.pt"
    training = replace(TRAINING, checkpoint=str(file), patience=0)

    def fresh() -> Trainer:
        return trainer(training, replace(SUMMARY, dropout=dropout))

    def fit(run: Trainer) -> History:
        with torch.random.fork_rng():
            torch.manual_seed(3)
            return run.fit()

    whole, stopped, resumed = fresh(), fresh(), fresh()
    whole_history = fit(whole)
    assert not file.exists()  # finished: nothing to resume

    interrupt(stopped, at)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped)
    assert [f.name for f in file.parent.iterdir()] == ["state.pt"]

    torch.rand(5)  # another process would be elsewhere in its global random numbers
    assert resumed.fit() == whole_history
    assert torch.equal(weights(resumed), weights(whole))


def test_a_second_ctrl_c_ends_the_step_and_saves_nothing_of_it(tmp_path: Path) -> None:
    training = replace(TRAINING, checkpoint=str(tmp_path / "state.pt"), patience=0)
    whole, stopped, resumed = (trainer(training) for _ in range(3))
    whole.fit()
    interrupt(stopped, 14, times=2)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit()
    assert stopped.step == 14
    assert signal.getsignal(signal.SIGINT) is before
    resumed.fit()
    assert torch.equal(weights(resumed), weights(whole))


def test_a_thread_trains_without_handlers_of_signals() -> None:
    with ThreadPoolExecutor(1) as pool:
        history = pool.submit(lambda: trainer().fit()).result()
    assert history == trainer().fit()


def test_another_trainings_checkpoint_is_refused(tmp_path: Path) -> None:
    training = replace(TRAINING, checkpoint=str(tmp_path / "state.pt"))
    stopped = trainer(training)
    interrupt(stopped, 5)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit()
    state = Path(training.checkpoint).read_bytes()
    with pytest.raises(CheckpointError, match=r"another training, of other training\.learning_rate: name"):
        trainer(replace(training, learning_rate=0.1)).fit()
    with pytest.raises(CheckpointError, match="of other seed: name"):
        trainer(training, seed=1).fit()
    with pytest.raises(CheckpointError, match="of other accepted rows: name"):
        Trainer(make_generator(training=training), shifted(make_pairs()), training, 0, verbose=False).fit()
    constrained = make_generator(
        constraints=make_constraints(direction=np.array([1, 0, 0, 0])), training=training
    )
    with pytest.raises(CheckpointError, match="of other constraints: name"):
        Trainer(constrained, make_pairs(), training, 0, verbose=False).fit()
    started = trainer(training)
    started.generator.transformer.start.data.add_(1)
    with pytest.raises(CheckpointError, match="of other first weights: name"):
        started.fit()
    assert Path(training.checkpoint).read_bytes() == state
    Path(training.checkpoint).write_text("not a checkpoint")
    with pytest.raises(CheckpointError, match=r"state\.pt is no checkpoint"):
        trainer(training).fit()


def shifted(pairs: Pairs) -> Pairs:
    targets = pairs.targets.copy()
    targets[0, 2] = np.nextafter(targets[0, 2], 1)
    return replace(pairs, targets=targets)


@pytest.mark.slow
def test_any_change_of_a_saved_state_is_noticed(tmp_path: Path) -> None:
    training = replace(TRAINING, checkpoint=str(tmp_path / "state.pt"))
    stopped = trainer(training)
    interrupt(stopped, 5)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit()
    for_each_damage(
        Path(training.checkpoint), lambda path: training_state.read(path, stopped.identity), CheckpointError
    )


def test_a_full_disk_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    training = replace(TRAINING, checkpoint=str(tmp_path / "state.pt"))
    expected = trainer(TRAINING)
    expected.fit()
    monkeypatch.setattr(Path, "write_bytes", full)
    fitted = trainer(training)
    fitted.fit()
    assert torch.equal(weights(fitted), weights(expected))
    assert len([record for record in caplog.records if "No space left" in record.getMessage()]) == 1
    assert list(tmp_path.iterdir()) == []


def test_weight_decay_spares_vectors_and_not_the_table_of_the_bins() -> None:
    generator = make_generator()
    _, spared = make_optimizer(generator, TRAINING).param_groups
    assert spared["weight_decay"] == 0
    ours = {id(parameter) for parameter in spared["params"]}
    for name, parameter in generator.named_parameters():
        assert (id(parameter) in ours) == (parameter.ndim < 2), name


def test_a_diverging_training_says_so() -> None:
    fitted = trainer()
    fitted.generator.transformer.start.data.fill_(float("nan"))
    with pytest.raises(TrainingError, match="learning_rate"):
        fitted.fit()


def test_global_random_state_is_left_alone() -> None:
    fitted = trainer()
    state = torch.get_rng_state()
    fitted.fit()
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.gpu
def test_training_and_sampling_run_on_a_gpu(architecture: Architecture) -> None:
    from carla_genre.generator.config import SamplingConfig
    from carla_genre.generator.sampler import sample

    generator = make_generator(architecture).to("cuda")
    pairs = make_pairs()
    moved = replace(pairs, neighbours=pairs.neighbours.cuda(), cumulative=pairs.cumulative.cuda())
    on_gpu = Trainer(generator, moved, TRAINING, 0, verbose=False)
    before = on_gpu.validation_loss()
    assert min(on_gpu.fit().validation) < before
    assert sample(generator, torch.from_numpy(pairs.sources[:5]), SamplingConfig(), 0).shape == (5, 10, 4)


def test_a_network_that_no_memory_holds_is_told() -> None:
    def untrained() -> tuple[Generator, Pairs]:
        torch.empty(1 << 58)
        raise AssertionError("there is so much memory")

    with pytest.raises(InputError, match="too little memory for this training"):
        fit(untrained, Training(), torch.device("cpu"), 0)
