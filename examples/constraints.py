# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # What may change: every kind of constraint
# Constraints are given when asking, and nothing is trained for them. They hold exactly in every answer.

# %%
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from carla_genre import Recourse
from carla_genre.constraints import Allowed, AtMost, Freeze, Implies, OneWay, Range, Weight, Where


def applications(n_rows: int = 1500) -> pd.DataFrame:
    """Loan applications."""
    random = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age": random.integers(18, 75, n_rows),
            "home": random.choice(["own", "rent", "parents"], n_rows),
            "degree": random.choice(["school", "bachelor", "master"], n_rows),
            "income": random.normal(3100, 900, n_rows).clip(500).round(2),
            "debt": random.integers(0, 50, n_rows) * 250,
        }
    )
    merit = (table["income"] - table["debt"] / 4 - 2200) / 500
    merit += (table["home"] == "own") * 1.0 + table["degree"].map({"school": 0, "bachelor": 0.5, "master": 1})
    table["granted"] = np.where(merit + random.normal(0, 0.5, n_rows) > 1, "yes", "no")
    return table


table = applications()
train, people = table.iloc[:1200], table.iloc[1200:].drop(columns="granted")
columns = make_column_transformer((OneHotEncoder(), ["home", "degree"]), remainder=StandardScaler())
pipeline = make_pipeline(columns, LogisticRegression()).fit(train.drop(columns="granted"), train["granted"])
refused = people[pipeline.predict(people) == "no"]
recourse = Recourse(pipeline, train, target="granted", desired="yes", constraints=[Freeze("age")])

# %% [markdown]
# The same people under one constraint after the other.

# %%
kinds = {
    "none": [],
    "nothing but income and debt": Freeze(only=["income", "debt"]),
    "degrees go up": OneWay("degree", "up", order=["school", "bachelor", "master"]),
    "at most a fifth more income": Range("income", -0.1, 0.2, relative=True),
    "nobody buys a home who rents": Allowed("home", forbidden=[("rent", "own")]),
    "one change": AtMost(1),
    "income is three times as hard to change": Weight("income", 3),
    "who moves to a home of their own has less debt": Implies(
        "home", to="own", then="debt", grow=False, be=0
    ),
    "debt below two incomes": Where(lambda rows: rows["debt"] < 2 * rows["income"], "debt below two incomes"),
}
for name, constraint in kinds.items():
    found = recourse.recommend(refused, constraints=constraint)
    changed = found.changes["feature"].value_counts().to_dict()
    print(f"{name}: {len(found)} of {len(refused)}, cost {found.figures['cost'].mean():.2f}, {changed}")

# %% [markdown]
# Together they may leave nobody an option. The reason names the constraint that is in the way.

# %%
strict = recourse.recommend(
    refused, constraints=[Freeze("home", "degree", "debt"), Range("income", high=2600)]
)
print(strict)
print(strict.unanswered["reason"].value_counts().head(3).to_string())

# %% [markdown]
# Person by person.

# %%
first, second = refused.index[:2]
found = recourse.recommend(refused.head(3), by_person={first: [Freeze("income")], second: [AtMost(1)]})
print(found.changes.to_string(index=False))
