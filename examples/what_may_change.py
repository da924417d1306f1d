"""Fixed features, directions and ranges: what a person cannot do is never part of an answer."""

import torch

from carla_genre import GenRe, load_dataset

from carla import MLModelCatalog
from carla.models.negative_instances import predict_negative_instances


def main() -> None:
    """Print what three people of Adult would have to change, and that nobody gets younger."""
    data = load_dataset(
        "adult",
        immutables=["sex", "race", "native-country", "marital-status"],
        increasing=["age", "education-num"],
        ranges={"hours-per-week": (10, 60)},
    )
    model = MLModelCatalog(data, model_type="ann", backend="pytorch", load_online=False)
    torch.manual_seed(0)  # CARLA draws the first weights from the global state
    model.train(learning_rate=0.002, epochs=5, batch_size=256, hidden_size=[10, 10, 10])
    denied = predict_negative_instances(model, data.df_test).head(50)
    answers = GenRe(model).get_counterfactuals(denied).dropna()

    before = data.inverse_transform(denied.loc[answers.index])
    after = data.inverse_transform(answers)
    for person in after.index[:3]:
        print(f"person {person}")
        for name in after.columns:
            if after.loc[person, name] != before.loc[person, name]:
                print(f"  {name}: {before.loc[person, name]} -> {after.loc[person, name]}")
    younger = (answers["age"] < denied.loc[answers.index, "age"]).sum()
    print(f"{len(answers)} of {len(denied)} answered, {younger} of them younger than they are")


if __name__ == "__main__":
    main()
