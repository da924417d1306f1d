"""A trained Recourse in a folder: the generator, and a card that says what it is of."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from carla_genre.constraints import Constraint, Where
from carla_genre.constraints.plain import from_plain, to_plain
from carla_genre.errors import CheckpointError
from carla_genre.generator.training_state import digest
from carla_genre.io import SEAL, at_home, in_json, read_sealed, seal_of, whole_files, write_sealed
from carla_genre.methods.genre.identity import fingerprint
from carla_genre.methods.genre.method import GenRe
from carla_genre.parameters import Parametrized
from carla_genre.pickling import code_digest
from carla_genre.recourse.decision import as_interval, as_labels, is_interval
from carla_genre.recourse.found import ANSWERED, Found
from carla_genre.recourse.saved_table import (
    digest_of,
    forget_table,
    spelled_as,
    training_table,
    write_table,
)

K = TypeVar("K", bound="KeptInFolders")

GENERATOR, CARD = "generator.safetensors", "recourse.json"


class KeptInFolders(Parametrized):
    """What :class:`carla_genre.Recourse` does to be kept: a folder, and a card of what it is."""

    genre_: GenRe
    table: pd.DataFrame
    _columns: pd.Index
    constraints_: tuple[Constraint, ...]
    _people_apart: pd.DataFrame
    _card: dict[str, Any] | None = None

    @property
    def card_(self) -> dict[str, Any]:
        """What this is, in JSON's types: the one of the folder that it was loaded from, else measured when first asked.

        ``table`` has the number of rows, the columns, their dtypes and a digest of the cells; ``classifier`` its type,
        and a digest of what it says of 64 made-up rows; ``desired``, ``threshold`` and ``constraints`` are as given.
        ``held_out`` is None, or has what was measured on people that the generator was not trained on: how many
        ``rows`` these are and how many of them are ``refused``; the shares of these that are ``answered``, and of their
        first options that the classifier ``accepted`` when asked once more; and the means of ``cost``, ``changes``,
        ``valid`` and ``inlier`` of these options.
        """
        if self._card is None:
            self._card = card_of(self, self._people_apart)
        return self._card

    def save(
        self,
        folder: str | os.PathLike[str],
        with_training_rows: bool = False,
        held_out: pd.DataFrame | None = None,
    ) -> None:
        """Write the trained generator and :attr:`card_`.

        Parameters
        ----------
        folder : path
            It is made; files of an earlier save are replaced, all or none of them.
        with_training_rows : bool
            Whether the table is written too, so that :meth:`load` needs no table. Without it the folder holds
            nobody's row.
        held_out : DataFrame, optional
            People of whom the table knows nothing, for the card. Else it has what was measured on the rows that
            ``held_out=`` has kept from the learning; 200 of them take some seconds.

        Raises
        ------
        InputError
            The folder cannot be written, or a constraint is a predicate of one's own.
        """
        folder = at_home(folder)
        card = self.card_ if held_out is None else card_of(self, held_out)
        with whole_files(folder) as aside:
            rows = self.table.filter(self._columns) if with_training_rows else None
            self.genre_.save(aside / GENERATOR)
            write_card(aside, {**self.get_params(), "constraints": self.constraints_}, rows, card)
            if with_training_rows:
                write_table(aside, self.table)
            else:  # of an earlier save
                forget_table(folder)

    @classmethod
    def load(
        cls: type[K], folder: str | os.PathLike[str], classifier: Any, table: pd.DataFrame | None = None
    ) -> K:
        """Read what :meth:`save` wrote, for the same classifier and table.

        Raises
        ------
        CheckpointError
            It is no such folder, or one of another classifier or table; the message says what differs.
        """
        folder = at_home(folder)
        read = read_card(folder)
        rows = training_table(folder, table, read)
        arguments, build = read["arguments"], cls  # type: dict[str, Any], Any
        arguments["desired"] = spelled_as(arguments["desired"], rows[arguments["target"]])
        loaded: K = build(classifier, rows, **arguments, saved=folder)
        loaded._card = read["card"]
        return loaded


def card_of(recourse: Any, people: pd.DataFrame) -> dict[str, Any]:
    """What :attr:`carla_genre.Recourse.card_` has; ``people`` (B, any) are measured, if there are any."""
    classifier, scores = recourse.genre_.classifier, recourse.genre_.classifier.scores
    said = json.dumps(fingerprint(classifier.schema, scores)).encode()
    learned = recourse.table.filter(recourse._columns)
    return {
        "table": {
            "rows": len(learned),
            "columns": [str(name) for name in learned.columns],
            "dtypes": {str(name): str(dtype) for name, dtype in learned.dtypes.items()},
            "digest": digest_of(learned),
        },
        "classifier": {
            "type": type(recourse.classifier).__name__,
            "fingerprint": hashlib.sha256(said).hexdigest()[:16],
        },
        "desired": _desired(recourse.decision_.desired),
        "threshold": recourse.threshold,
        "constraints": [repr(one) for one in recourse.constraints_],
        "held_out": _measured(recourse, people) if len(people) else None,
    }


def write_card(
    folder: str | os.PathLike[str],
    params: Mapping[str, Any],
    table: pd.DataFrame | None,
    card: Mapping[str, Any],
) -> None:
    """Write ``recourse.json``: the arguments, the card, and the categories of a ``table`` that is written beside it.

    The generator's file is there, and its digest is told, so that a save that was killed between the two is seen.
    Categories may be people's names, so without the table there are none of them.

    Raises
    ------
    InputError
        An argument cannot be written, or the folder cannot.
    """
    apart = ("classifier", "constraints", "desired", "table")
    written = {
        "arguments": in_json({name: value for name, value in params.items() if name not in apart}),
        "desired": _desired(params["desired"]),
        "constraints": [in_json(to_plain(one)) for one in params["constraints"]],
        "categories": {
            str(name): {"categories": in_json(dtype.categories.tolist()), "ordered": bool(dtype.ordered)}
            for name, dtype in ({} if table is None else table.dtypes).items()
            if isinstance(dtype, pd.CategoricalDtype)
        },
        "card": card,
        "generator": seal_of(Path(folder) / GENERATOR),
    }
    sealed = json.dumps({**written, "seal": SEAL}, indent=1, allow_nan=False)
    write_sealed(Path(folder) / CARD, sealed.encode())


def read_card(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The arguments of :class:`carla_genre.Recourse` and the table's digest, as :func:`write_card` wrote them.

    Raises
    ------
    CheckpointError
        There is no such folder, its card is damaged, in whatever bit, or the generator is of another save.
    """
    path = Path(folder) / CARD
    content = read_sealed(path)
    try:
        card = json.loads(content)
        arguments = {
            **card["arguments"],
            "desired": _read_desired(card["desired"]),
            "constraints": from_plain(card["constraints"]),
        }
        own = card["card"]
        table = {"rows": int(own["table"]["rows"]), "digest": str(own["table"]["digest"])}
        table["columns"] = [str(name) for name in own["table"]["columns"]]
        table["dtypes"] = {str(name): str(kind) for name, kind in own["table"].get("dtypes", {}).items()}
        found = {"arguments": arguments, **table, "categories": card["categories"], "card": own}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is no card of a saved Recourse: {error}") from error
    of, there = card.get("generator"), seal_of(path.with_name(GENERATOR))
    if (
        of and there and of != there
    ):  # what is damaged or absent is told when it is read; an older card knows of none
        raise CheckpointError(
            f"{CARD} and {GENERATOR} in {folder} are of two saves, of which one was stopped: save it again"
        )
    return found


def identity_of(
    genre: GenRe, params: Mapping[str, Any], table: pd.DataFrame, constraints: Sequence[Constraint]
) -> dict[str, Any]:
    """What has to be equal for answers to be: the generator, the classifier's answers, the table, the constraints."""
    given = {name: params[name] for name in ("target", "threshold", "scale", "seed")}
    return {
        "generator": digest(genre.generator.state_dict().values())[:16],
        "hyperparameters": in_json(
            {k: v for k, v in genre.hyperparams.items() if k not in ("training", "verbose")}
        ),
        "classifier": fingerprint(genre.classifier.schema, genre.classifier.scores),
        "table": digest_of(table)[:16],
        "settings": in_json({**given, "desired": _desired(params["desired"])}),
        "constraints": [_told_apart(one) for one in constraints],
    }


def _told_apart(constraint: Constraint) -> str:
    """A constraint in words; of a predicate that has none of its own, which one it is."""
    return (
        f"{constraint!r} {code_digest(constraint.holds)}"
        if isinstance(constraint, Where)
        else repr(constraint)
    )


def _measured(recourse: Any, people: pd.DataFrame) -> dict[str, float]:
    """What :attr:`carla_genre.Recourse.card_` says of people that the generator was not trained on."""
    found: Found = recourse.recommend(people)
    own = (found.status.iloc[found.place] == ANSWERED).to_numpy()
    rows, figures = found.rows[own], found.figures[own]
    said = recourse.decision_(rows[recourse.feature_names_in_])
    refused = int((found.status == ANSWERED).sum()) + len(found.unanswered)
    shares = {
        "answered": len(rows) / max(1, refused),
        "accepted": float((said > 0.5).mean()) if len(rows) else 0.0,
    }
    names = ("cost", "changes", "valid", "inlier")
    means = {name: float(figures[name].mean()) if len(rows) else 0.0 for name in names}
    rounded = {name: round(value, 4) for name, value in (shares | means).items()}
    return {"rows": len(people), "refused": refused, **rounded}


def _desired(desired: Any) -> dict[str, Any]:
    if is_interval(desired):
        return {"interval": in_json(list(desired))}  # an open end is None
    if isinstance(desired, Collection) and not isinstance(desired, str | bytes):
        return {
            "labels": in_json(sorted(as_labels(desired), key=lambda label: (type(label).__name__, label)))
        }
    return {"label": in_json(desired)}


def _read_desired(written: Mapping[str, Any]) -> Any:
    if "interval" in written:
        return as_interval(written["interval"])
    return written.get("labels", written.get("label"))
