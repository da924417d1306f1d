"""Your own table and your own scikit-learn classifier: GenRe asks it for probabilities and nothing else."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from carla_genre import GenRe, load_dataset

from carla import MLModel

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def applications(n_rows: int = 2000) -> pd.DataFrame:
    """Loan applications of a lender that likes the spring."""
    random = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age": random.integers(18, 75, n_rows),
            "sex": random.choice(["female", "male"], n_rows),
            "month": random.choice(MONTHS, n_rows),
            "income": random.normal(38, 12, n_rows).clip(5).round(1),
            "debt": random.exponential(9, n_rows).round(1),
        }
    )
    spring = table["month"].isin(["mar", "apr", "may"])
    odds = (table["income"] - 1.5 * table["debt"] - 25) / 8 + spring
    table["granted"] = np.where(random.random(n_rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    return table


class Boosting(MLModel):
    """A gradient boosting classifier behind CARLA's interface."""

    def __init__(self, data):
        super().__init__(data)
        self._columns = [name for name in data.df_train.columns if name != data.target]
        rows, labels = data.df_train[self._columns].to_numpy(), data.df_train[data.target]
        self._model = HistGradientBoostingClassifier(random_state=0).fit(rows, labels)

    feature_input_order = property(lambda self: self._columns)
    backend = property(lambda self: "sklearn")
    raw_model = property(lambda self: self._model)

    def predict_proba(self, x):
        """Probabilities (rows, 2) for a frame or an array."""
        return self._model.predict_proba(x[self._columns].to_numpy() if hasattr(x, "columns") else x)

    def predict(self, x):
        """Probability of "yes"."""
        return self.predict_proba(x)[:, 1]


def main() -> None:
    """Print the first answers in the table's own units."""
    data = load_dataset(applications(), target="granted", positive="yes", immutables=["sex", "age"])
    model = Boosting(data)
    denied = data.df_test[model.predict(data.df_test) < 0.5]
    answers = GenRe(model).get_counterfactuals(denied)
    print(f"{answers.notna().all(axis=1).sum()} of {len(denied)} people answered")
    features = ["age", "sex", "month", "income", "debt"]
    print(data.inverse_transform(denied)[features].head(5).to_string())
    print(data.inverse_transform(answers.dropna())[features].head(5).to_string())


if __name__ == "__main__":
    main()
