"""Three methods on the same people, by CARLA's benchmark: GenRe, GrowingSpheres and Wachter on the two moons."""

import pandas as pd
import torch

from carla_genre import GenRe, load_dataset

from carla import Benchmark, MLModelCatalog
from carla.models.negative_instances import predict_negative_instances
from carla.recourse_methods import GrowingSpheres, Wachter


def main() -> None:
    """Print one column a method."""
    data = load_dataset("moons")
    model = MLModelCatalog(data, model_type="ann", backend="pytorch", load_online=False)
    torch.manual_seed(0)  # CARLA draws the first weights from the global state
    model.train(learning_rate=0.01, epochs=30, batch_size=64, hidden_size=[10, 10, 10])
    denied = predict_negative_instances(model, data.df_test).head(20)

    methods = {
        "GenRe": GenRe(model, {"verbose": False}),
        "GrowingSpheres": GrowingSpheres(model),
        "Wachter": Wachter(model, {"loss_type": "MSE", "y_target": [1]}),
    }
    table = {
        name: Benchmark(model, method, denied).run_benchmark().mean(numeric_only=True)
        for name, method in methods.items()
    }
    print(pd.DataFrame(table).round(3).to_string())


if __name__ == "__main__":
    main()
