# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # A whole group: what is changed how often, for whom, at what cost
# Is recourse harder for some people than for others?

# %%
import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier

from carla_genre import Recourse
from carla_genre.constraints import AtMost, Freeze, Range


def applications(n_rows: int = 1500) -> pd.DataFrame:
    """Loan applications; the women of this table earn less."""
    random = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "woman": random.integers(0, 2, n_rows),
            "income": random.normal(3300, 900, n_rows).round(-1),
            "debt": random.integers(0, 50, n_rows) * 250,
            "years": random.integers(0, 30, n_rows),
        }
    )
    table["income"] = (table["income"] - 500 * table["woman"]).clip(500)
    merit = (table["income"] - table["debt"] / 4 - 1800) / 500 + table["years"] / 20
    table["granted"] = (merit + random.normal(0, 0.5, n_rows) > 0.5).astype(int)
    return table


table = applications()
train, people = table.iloc[:1200], table.iloc[1200:].drop(columns="granted")
classifier = GradientBoostingClassifier(n_estimators=30, random_state=0)
classifier.fit(train.drop(columns="granted"), train["granted"])
recourse = Recourse(classifier, train, target="granted", desired=1, constraints=[Freeze("woman", "years")])
plan = [AtMost(2), Range("income", 0, 0.3, relative=True)]
found = recourse.recommend(people, n=3, constraints=plan)
print(found)

# %% [markdown]
# In numbers: the status of everybody, and the first options of women and men.

# %%
sex = people["woman"].map({0: "men", 1: "women"})
state = found.status.where(found.status.isin(["answered", "accepted already"]), "no option")
print(pd.crosstab(sex, state).to_string())
first = found.table[(found.table["option"] == 1) & (found.table["changes"] > 0)]
print(first.groupby("woman")[["cost", "valid", "changes"]].median().round(2).to_string())
print(found.changes.query("option == 1").groupby("feature")["person"].nunique().to_string())

# %% [markdown]
# In pictures, for which matplotlib is needed: the group, one person, that person's candidates, the training.

# %%
person = found.changes["person"].iloc[0]
found.plot().savefig("group.png")
found.plot(person).savefig("person.png")
recourse.plot_candidates(people.loc[[person]], n=3, constraints=plan).savefig("candidates.png")
recourse.plot_training().savefig("training.png")
print(recourse.candidates(people.loc[[person]], constraints=plan)["state"].value_counts().to_string())

# %% [markdown]
# On a page: the group on top, then everybody's options, with filters.

# %%
found.to_html("group.html", title="Loan applications")
