"""What a person can do about each feature of Adult, COMPAS, HELOC and German credit, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from carla_genre.harness.markdown import markdown_table


class Role(NamedTuple):
    """A feature's role in words, its constraint, and the reason."""

    kind: str
    constraint: Mapping[str, Any]
    reason: str


def free(reason: str) -> Role:
    """It may become any value."""
    return Role("free", {}, reason)


def frozen(reason: str) -> Role:
    """It stays."""
    return Role("frozen", {"immutable": True}, reason)


def up(reason: str) -> Role:
    """It may grow."""
    return Role("one-way, up", {"direction": "increase"}, reason)


def down(reason: str) -> Role:
    """It may shrink."""
    return Role("one-way, down", {"direction": "decrease"}, reason)


def bounded(low: float, high: float, reason: str) -> Role:
    """It may become what is between two ends, in the table's units."""
    return Role(f"bounded, `{low:g}` to `{high:g}`", {"range": (low, high)}, reason)


ROLES: Mapping[str, Mapping[str, Role]] = {
    "adult": {
        "age": frozen("Nobody can choose it."),
        "workclass": free("A person can change the employer."),
        "fnlwgt": frozen("A weight of the census, which says nothing about the person."),
        "education-num": up("A degree can be earned, and is not lost."),
        "marital-status": frozen("No lender should advise on it."),
        "occupation": free("A person can change the occupation."),
        "relationship": frozen("It follows from the marital status."),
        "race": frozen("Nobody can choose it."),
        "sex": frozen("Nobody should be asked to change it."),
        "capital-gain": up("Saving and investing raise it."),
        "capital-loss": down("Losses can be avoided."),
        "hours-per-week": bounded(1, 60, "More hours are no advice."),
        "native-country": frozen("Nobody can choose it."),
    },
    "compas": {
        "age": frozen("Nobody can choose it."),
        "two_year_recid": free("Not to offend again is a person's own act."),
        "c_charge_degree": free("A charge can be reduced."),
        "race": frozen("Nobody can choose it."),
        "sex": frozen("Nobody should be asked to change it."),
        "priors_count": down("A conviction can be expunged."),
        "length_of_stay": down("Bail shortens it."),
    },
    "heloc": {
        "ExternalRiskEstimate": frozen("Another firm's estimate, which follows from the rest."),
        "MSinceOldestTradeOpen": up("Time goes one way."),
        "MSinceMostRecentTradeOpen": free("Waiting raises it, a new account lowers it."),
        "AverageMInFile": up("Time raises it."),
        "NumSatisfactoryTrades": up("Accounts that are paid add to it."),
        "NumTrades60Ever2DerogPubRec": frozen("The past."),
        "NumTrades90Ever2DerogPubRec": frozen("The past."),
        "PercentTradesNeverDelq": up("Accounts that are paid raise it."),
        "MSinceMostRecentDelq": up("Time raises it, as long as all is paid."),
        "NumTotalTrades": up("It counts closed accounts too."),
        "NumTradesOpeninLast12M": down("To wait lowers it."),
        "PercentInstallTrades": free("It follows from the accounts that are chosen."),
        "MSinceMostRecentInqexcl7days": up("Not to apply elsewhere raises it."),
        "NumInqLast6M": down("Not to apply elsewhere lowers it."),
        "NumInqLast6Mexcl7days": down("Not to apply elsewhere lowers it."),
        "NetFractionRevolvingBurden": down("Debt can be paid back."),
        "NetFractionInstallBurden": down("Debt can be paid back."),
        "NumRevolvingTradesWBalance": free("Accounts can be paid off, or used."),
        "NumInstallTradesWBalance": free("Accounts can be paid off, or used."),
        "NumBank2NatlTradesWHighUtilization": down("Debt can be paid back."),
        "PercentTradesWBalance": down("Accounts can be paid off."),
    },
    "german_credit": {
        "status": free("Money can be moved to the account."),
        "duration": bounded(6, 60, "A bank lends for so many months."),
        "credit_history": frozen("The past."),
        "purpose": frozen("Another purpose is another loan."),
        "credit_amount": down("A person can ask for less."),
        "savings": free("A person can save, or spend."),
        "present_employment": frozen("Years in a job cannot be decided."),
        "installment_rate": free("It is agreed with the bank."),
        "status_sex": frozen("Nobody should be asked to change it."),
        "other_debtors": free("Somebody can vouch for the loan."),
        "present_residence_since": frozen("Years at a place cannot be decided."),
        "property": free("Property can be bought or sold."),
        "age": frozen("Nobody can choose it."),
        "installment_plans": free("Other loans can be paid off."),
        "housing": free("A person can move."),
        "number_of_existing_credits": down("Credits can be paid off."),
        "job": free("A person can change the job."),
        "number_of_people_liable_for": frozen("No lender should advise on it."),
        "telephone": free("A telephone can be registered."),
        "foreign_worker": frozen("Nobody can choose it."),
    },
}


def actionable(data: str) -> dict[str, dict[str, Any]]:
    """The roles of a data set as the option ``constraints``; a free feature has none."""
    return {name: dict(role.constraint) for name, role in ROLES[data].items() if role.constraint}


def markdown(data: str) -> str:
    """A row for each feature: its role, and why."""
    rows = [(f"`{name}`", role.kind, role.reason) for name, role in ROLES[data].items()]
    return markdown_table(("feature", "role", "because"), rows)
