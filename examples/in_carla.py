# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # GenRe in CARLA: a method among its methods
# CARLA's benchmark of three methods on the same people, GenRe trained once and sampled otherwise, and a classifier of
# one's own behind CARLA's interface.

# %%
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from carla_genre import GenRe, load_dataset

from carla import Benchmark, MLModel, MLModelCatalog
from carla.models.negative_instances import predict_negative_instances
from carla.recourse_methods import GrowingSpheres, Wachter

data = load_dataset("moons")
model = MLModelCatalog(data, model_type="ann", backend="pytorch", load_online=False)
torch.manual_seed(0)  # CARLA draws the first weights from the global state
model.train(learning_rate=0.01, epochs=30, batch_size=64, hidden_size=[10, 10, 10])
denied = predict_negative_instances(model, data.df_test).head(20)

# %% [markdown]
# One column a method.

# %%
genre = GenRe(model, {"verbose": False})
methods = {
    "GenRe": genre,
    "GrowingSpheres": GrowingSpheres(model),
    "Wachter": Wachter(model, {"loss_type": "MSE", "y_target": [1]}),
}
means = {
    name: Benchmark(model, method, denied).run_benchmark().mean(numeric_only=True)
    for name, method in methods.items()
}
print(pd.DataFrame(means).round(3).to_string())

# %% [markdown]
# Saved and loaded for the same classifier, and sampled otherwise without training again.

# %%
genre.save("moons.genre")
loaded = GenRe.load("moons.genre", model)
for n_samples in (1, 10, 100):
    answers = loaded.with_sampling(n_samples=n_samples).get_counterfactuals(denied).dropna()
    cost = (answers - denied.loc[answers.index, answers.columns]).abs().sum(axis=1).mean()
    print(f"{n_samples:3d} candidates: {len(answers)} of {len(denied)} answered, L1 {cost:.3f}")

# %% [markdown]
# Any classifier: five members of CARLA's `MLModel`. Immutables, directions and ranges are the data's.


# %%
class Boosting(MLModel):
    """A gradient boosting classifier behind CARLA's interface."""

    def __init__(self, data):
        super().__init__(data)
        self._columns = [name for name in data.df_train.columns if name != data.target]
        rows, labels = data.df_train[self._columns].to_numpy(), data.df_train[data.target]
        self._model = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(rows, labels)

    feature_input_order = property(lambda self: self._columns)
    backend = property(lambda self: "sklearn")
    raw_model = property(lambda self: self._model)

    def predict_proba(self, x):
        """Probabilities (rows, 2) for a frame or an array."""
        return self._model.predict_proba(x[self._columns].to_numpy() if hasattr(x, "columns") else x)

    def predict(self, x):
        """Probability of label 1."""
        return self.predict_proba(x)[:, 1]


names = [name for name in data.df_train.columns if name != data.target]
data = load_dataset("moons", decreasing=[names[1]])
boosting = Boosting(data)
denied = data.df_test[boosting.predict(data.df_test) < 0.5]
answers = GenRe(boosting, {"verbose": False}).get_counterfactuals(denied).dropna()
own = denied.loc[answers.index]
print(
    f"{len(answers)} of {len(denied)} answered; {names[1]} never grows: {(answers[names[1]] <= own[names[1]]).all()}"
)
