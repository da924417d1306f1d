"""Which column plays which role in the known data sets, as CARLA and as the paper have it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from carla_genre.errors import InputError


@dataclass(frozen=True)
class Roles:
    """The target and the features of a data set, in CARLA's words.

    Parameters
    ----------
    target : str
        The label's column, of 0 and 1.
    continuous, categorical : tuple of str
        The features; together all columns but the target.
    immutables : tuple of str
        The features that recourse must not change.
    """

    target: str
    continuous: tuple[str, ...]
    categorical: tuple[str, ...] = ()
    immutables: tuple[str, ...] = ()


# CARLA's data_catalog.yaml, in its order: the order is that of the scaler's and the encoder's columns.
CARLA_ROLES = {
    "adult": Roles(
        target="income",
        continuous=("age", "fnlwgt", "education-num", "capital-gain", "hours-per-week", "capital-loss"),
        categorical=(
            "marital-status",
            "native-country",
            "occupation",
            "race",
            "relationship",
            "sex",
            "workclass",
        ),
        immutables=("age", "sex"),
    ),
    "compas": Roles(
        target="score",
        continuous=("age", "two_year_recid", "priors_count", "length_of_stay"),
        categorical=("c_charge_degree", "race", "sex"),
        immutables=("age", "race", "sex"),
    ),
    "heloc": Roles(
        target="RiskPerformance",
        continuous=(
            "ExternalRiskEstimate",
            "MSinceOldestTradeOpen",
            "MSinceMostRecentTradeOpen",
            "AverageMInFile",
            "NumSatisfactoryTrades",
            "NumTrades60Ever2DerogPubRec",
            "NumTrades90Ever2DerogPubRec",
            "PercentTradesNeverDelq",
            "MSinceMostRecentDelq",
            "NumTotalTrades",
            "NumTradesOpeninLast12M",
            "PercentInstallTrades",
            "MSinceMostRecentInqexcl7days",
            "NumInqLast6M",
            "NumInqLast6Mexcl7days",
            "NetFractionRevolvingBurden",
            "NetFractionInstallBurden",
            "NumRevolvingTradesWBalance",
            "NumInstallTradesWBalance",
            "NumBank2NatlTradesWHighUtilization",
            "PercentTradesWBalance",
        ),
    ),
    "give_me_some_credit": Roles(
        target="SeriousDlqin2yrs",
        continuous=(
            "RevolvingUtilizationOfUnsecuredLines",
            "age",
            "NumberOfTime30-59DaysPastDueNotWorse",
            "DebtRatio",
            "MonthlyIncome",
            "NumberOfOpenCreditLinesAndLoans",
            "NumberOfTimes90DaysLate",
            "NumberRealEstateLoansOrLines",
            "NumberOfTime60-89DaysPastDueNotWorse",
            "NumberOfDependents",
        ),
        immutables=("age",),
    ),
}

# The paper's experiments: sex and race cannot change; a past conviction within two years is a category.
PAPER_ROLES = {
    "adult": replace(CARLA_ROLES["adult"], immutables=("race", "sex")),
    "compas": replace(
        CARLA_ROLES["compas"],
        continuous=("age", "priors_count", "length_of_stay"),
        categorical=("two_year_recid", "c_charge_degree", "race", "sex"),
        immutables=("race", "sex"),
    ),
    "heloc": CARLA_ROLES["heloc"],
}

KNOWN = tuple(CARLA_ROLES)


def known_roles(name: str, whose: str) -> Roles:
    """Return the roles of a known data set, ``whose`` being ``"carla"`` or ``"paper"``."""
    if whose == "carla":
        return CARLA_ROLES[name]
    if name not in PAPER_ROLES:
        raise InputError(f"roles='paper': the paper has no {name}; it has {', '.join(PAPER_ROLES)}")
    return PAPER_ROLES[name]
