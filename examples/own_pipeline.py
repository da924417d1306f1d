# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Any classifier: probabilities, a function, a regressor; kept for later
# GenRe asks a classifier for probabilities and for nothing else.

# %%
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from carla_genre import Recourse
from carla_genre.constraints import Freeze, OneWay

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def applications(n_rows: int = 1500) -> pd.DataFrame:
    """Loan applications of a lender that likes the spring; the offer is in euros."""
    random = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age": random.integers(18, 75, n_rows),
            "month": random.choice(MONTHS, n_rows),
            "income": random.normal(38, 12, n_rows).clip(5).round(1),
            "debt": random.exponential(9, n_rows).round(1),
        }
    )
    spring = table["month"].isin(["mar", "apr", "may"])
    merit = (table["income"] - 1.5 * table["debt"] - 25) / 8 + spring + random.normal(0, 0.5, n_rows)
    table["rating"] = np.select([merit > 1.5, merit > 0], ["gold", "silver"], "none")
    table["offer"] = (merit.clip(0) * 4000).round(-2)
    return table


TARGETS, FEATURES = ["rating", "offer"], ["age", "month", "income", "debt"]
table = applications()
train, people = table.iloc[:1200], table.iloc[1200:]


def fitted(model, target):
    """A pipeline on raw columns."""
    columns = make_column_transformer((OrdinalEncoder(), ["month"]), remainder="passthrough")
    return make_pipeline(columns, model).fit(train[FEATURES], train[target])


# %% [markdown]
# Three classes, of which two are wanted. The sum of their probabilities has to be above one half.

# %%
rating = fitted(GradientBoostingClassifier(n_estimators=30, random_state=0), "rating")
recourse = Recourse(
    rating,
    train.drop(columns="offer"),
    target="rating",
    desired={"silver", "gold"},
    constraints=[Freeze("age")],
)
refused = people[rating.predict_proba(people[FEATURES])[:, list(rating.classes_).index("none")] >= 0.5]
found = recourse.recommend(refused[FEATURES], n=2, diverse=True)
print(found)
print(found.changes.head(6).to_string(index=False))

# %% [markdown]
# The same generator in a folder: a card, the weights, and nobody's row. `load` is given the same classifier and table.

# %%
recourse.save("ratings.genre", held_out=refused[FEATURES])
again = Recourse.load("ratings.genre", rating, train.drop(columns="offer"))
print("the same answers:", again.recommend(refused[FEATURES], n=2, diverse=True).rows.equals(found.rows))

# %% [markdown]
# A regressor is asked for an interval: an offer of at least 4,000.

# %%
offer = fitted(GradientBoostingRegressor(n_estimators=30, random_state=0), "offer")
more = Recourse(
    offer, train.drop(columns="rating"), target="offer", desired=(4000, np.inf), constraints=[Freeze("age")]
)
little = people[offer.predict(people[FEATURES]) < 4000]
found = more.recommend(little[FEATURES], constraints=[OneWay("debt", "down")])
print(found)
print(found.figures["h"].round(-2).head(3).tolist(), "are the offers then")

# %% [markdown]
# A function of a frame will do as well: here the lender's own rule, with another threshold.


# %%
def rule(rows):
    """The probability of an approval."""
    return 1 / (1 + np.exp(-(rows["income"] - 1.5 * rows["debt"] - 25) / 8))


approved = train[FEATURES].assign(approved=rule(train) > 0.7)
careful = Recourse(rule, approved, target="approved", desired=True, threshold=0.7, ignore="month")
print(careful.recommend(people[FEATURES].head(100)))
