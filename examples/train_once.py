"""Train once, save, load later, and sample otherwise without training again."""

import time
from pathlib import Path

import torch

from carla_genre import GenRe, load_dataset

from carla import MLModelCatalog
from carla.models.negative_instances import predict_negative_instances


def main() -> None:
    """Print how long training and answering take, and how the number of candidates matters."""
    data = load_dataset("circles")
    model = MLModelCatalog(data, model_type="ann", backend="pytorch", load_online=False)
    torch.manual_seed(0)  # CARLA draws the first weights from the global state
    model.train(learning_rate=0.01, epochs=30, batch_size=64, hidden_size=[10, 10, 10])
    denied = predict_negative_instances(model, data.df_test)

    path = Path("circles.genre")
    trained = GenRe(model)
    trained.save(path)
    print(
        f"trained in {trained.seconds['training']:.1f} s, kept in {path} ({path.stat().st_size // 1000} kB)"
    )

    loaded = GenRe.load(path, model)
    for n_samples in (1, 10, 100):
        method = loaded.with_sampling(n_samples=n_samples)
        start = time.perf_counter()
        answers = method.get_counterfactuals(denied).dropna()
        seconds = time.perf_counter() - start
        cost = (answers - denied.loc[answers.index, answers.columns]).abs().sum(axis=1).mean()
        print(
            f"{n_samples:3d} candidates: {len(answers)} of {len(denied)} answered, L1 {cost:.3f}, {seconds:.2f} s"
        )


if __name__ == "__main__":
    main()
