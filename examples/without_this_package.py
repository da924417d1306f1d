# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # One file that answers where only torch is installed
# It holds the trained generator, its rules and its random numbers.

# %%
import json

import torch

from carla_genre import GenRe, load_dataset

from carla import MLModelCatalog
from carla.models.negative_instances import predict_negative_instances

data = load_dataset("circles")
model = MLModelCatalog(data, model_type="ann", backend="pytorch", load_online=False)
torch.manual_seed(0)  # CARLA draws the first weights from the global state
model.train(learning_rate=0.01, epochs=30, batch_size=64, hidden_size=[10, 10, 10])

# %% [markdown]
# By the paper's rule h alone chooses among the candidates, so that a service needs nothing else.

# %%
genre = GenRe(model, {"selection": "validity", "seed": 0})
genre.export("circles.pt2")

# %% [markdown]
# From here on, what a service would do: torch, the file, and h.

# %%
told = {"description.json": ""}
candidates_of = torch.export.load("circles.pt2", extra_files=told).module()
features = json.loads(told["description.json"])["schema"]["features"]
print("columns to fill:", [(feature["name"], feature["lower"], feature["upper"]) for feature in features])

denied = predict_negative_instances(model, data.df_test)
rows = torch.tensor(denied[[feature["name"] for feature in features]].to_numpy())
candidates = candidates_of(rows, torch.tensor(0))  # (people, 10, features); the seed is 0
print(f"{len(rows)} people, candidates {tuple(candidates.shape)}, the first: {candidates[0, 0].tolist()}")

# %% [markdown]
# They are GenRe's own.

# %%
own = genre.candidates(genre.schema.encode(denied))
print("the same as GenRe's:", bool((candidates.numpy() == own).all()))
