# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Recourse for your own pipeline and table
# A lender's pipeline refuses people. What would each of them have to change?

# %%
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from carla_genre import Recourse
from carla_genre.constraints import AtMost, Freeze, OneWay, Range


def applications(n_rows: int = 2000) -> pd.DataFrame:
    """Loan applications; some people do not say what they have saved."""
    random = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age": random.integers(18, 75, n_rows),
            "sex": random.choice(["female", "male"], n_rows),
            "home": random.choice(["own", "rent", "parents"], n_rows),
            "income": random.normal(3100, 900, n_rows).clip(500).round(2),
            "debt": random.integers(0, 50, n_rows) * 250,
            "savings": pd.Series(random.exponential(4000, n_rows).round()).mask(random.random(n_rows) < 0.1),
        }
    )
    merit = (table["income"] - table["debt"] / 4 - 2200) / 500 + (table["home"] == "own")
    table["granted"] = np.where(merit + random.normal(0, 0.5, n_rows) > 0, "yes", "no")
    return table


# %% [markdown]
# The lender's own pipeline, trained on the columns as they are. It imputes the gaps.

# %%
table = applications()
train, people = table.iloc[:1500], table.iloc[1500:].drop(columns="granted")
before = make_column_transformer((OneHotEncoder(), ["sex", "home"]), remainder=SimpleImputer())
pipeline = make_pipeline(before, GradientBoostingClassifier(random_state=0))
pipeline.fit(train.drop(columns="granted"), train["granted"])
refused = people[pipeline.predict(people) == "no"]

# %% [markdown]
# Learn once. Nobody is told to change age or sex.

# %%
recourse = Recourse(pipeline, train, target="granted", desired="yes", constraints=[Freeze("age", "sex")])

# %% [markdown]
# Ask: three options a person, at most two changes, debt only down.

# %%
found = recourse.recommend(refused, n=3, constraints=[AtMost(2), OneWay("debt", "down")])
print(found)
print(found.changes.head(8).to_string(index=False))

# %% [markdown]
# The pipeline accepts exactly these rows.

# %%
print("accepted by the pipeline:", (pipeline.predict(found.rows) == "yes").mean())

# %% [markdown]
# Other constraints need no training. Who has no option is told why.

# %%
strict = recourse.recommend(refused, constraints=[Freeze("debt", "home"), Range("income", high=2600)])
print(strict)
print(strict.unanswered["reason"].value_counts().to_string())

# %% [markdown]
# A page to look at and to send.

# %%
found.to_html("options.html", title="Loan applications")
