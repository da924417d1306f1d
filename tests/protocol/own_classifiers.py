"""Classifiers of one's own, as a grid names them: one that is right, and some that the protocol refuses."""

import numpy as np
from sklearn.naive_bayes import GaussianNB

from carla_genre.protocol.classifier import EncodedModel


class NaiveBayes(EncodedModel):
    """Gaussian naive Bayes; takes frames in any column order."""

    @property
    def backend(self):
        return "sklearn"

    def predict_proba(self, x):
        return self._model.predict_proba(
            np.asarray(x[self.feature_input_order] if hasattr(x, "columns") else x)
        )


def naive_bayes(data, columns, balanced, seed):
    train = data.df_train
    model = GaussianNB(priors=[0.5, 0.5] if balanced else None)
    return NaiveBayes(data, columns, model.fit(train[columns].to_numpy(), train[data.target]))


def on_fewer_columns(data, columns, balanced, seed):
    return naive_bayes(data, columns[1:], balanced, seed)


def on_other_data(data, columns, balanced, seed):
    mlmodel = naive_bayes(data, columns, balanced, seed)
    mlmodel.data = "mine"
    return mlmodel


def without_carla(data, columns, balanced, seed):
    return naive_bayes(data, columns, balanced, seed).raw_model


NOT_A_FUNCTION = 3
