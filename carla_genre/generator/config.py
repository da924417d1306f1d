"""What a generator is and how it is trained: frozen, plain values, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Architecture:
    """The transformer's shape.

    Parameters
    ----------
    kind : {"summary", "encoder-decoder", "decoder"}
        "encoder-decoder" is the paper's (section 4.2). In "summary" the factual has no positions: a small
        network reads all of it at once and adds to each of the answer's, which halves the positions.
        "decoder" reads no factual: the unconditional density of section 5.4.
    embedding : int
        Width E of the residual stream.
    encoder_layers, decoder_layers : int
        Blocks; other kinds than "encoder-decoder" have ``decoder_layers`` blocks and no others.
    heads : int
        Attention heads; divides ``embedding``.
    feed_forward : int
        Hidden width of the feed-forward half of a block.
    dropout : float
        In [0, 1).
    shared_tables : bool
        One table of bin embeddings and one output layer for all features, as the authors' code has,
        instead of one for each feature.
    norm : {"pre", "post"}
        Layer norm before each part of a block, or after its residual (as torch's own Transformer).
    activation : {"gelu", "relu"}
    summary : int
        Hidden width of the network that reads the factual, of kind "summary".
    patch : int
        Features that share one position, of kind "summary" (:mod:`carla_genre.generator.patches`). With a
        hundred features or more it is faster, and learns more in as many steps.
    """

    kind: str = "summary"
    embedding: int = 32
    encoder_layers: int = 0
    decoder_layers: int = 2
    heads: int = 2
    feed_forward: int = 128
    dropout: float = 0.0
    shared_tables: bool = False
    norm: str = "pre"
    activation: str = "gelu"
    summary: int = 128
    patch: int = 1


@dataclass(frozen=True)
class Training:
    """How the transformer is fitted.

    Parameters
    ----------
    steps : int
        Upper bound of gradient steps; early stopping may end before.
    epochs : int, optional
        The bound as passes over the denied rows, instead of ``steps``.
    batch_size : int
        Pairs a step.
    learning_rate : float
        Peak rate.
    schedule : {"one-cycle", "constant"}
        One-cycle warms up over the first tenth and falls to zero at ``steps``.
    weight_decay : float
        AdamW's, on matrices; 0 with "constant" is the paper's Adam.
    clip : float
        Bound of the gradient's norm; 0 for none.
    soft_labels : bool
        Kernel soft labels (eq. 8) instead of the bin that x+ lies in.
    conditional : bool
        Each feature's exact distribution under Q, given the drawn features before it, instead of the drawn
        bin (:mod:`carla_genre.generator.pairing.conditionals`): the same mean, less noise.
    validation : float
        Share of denied rows held out for early stopping and for choosing the best weights.
    evaluations : int
        How often the validation loss is measured over ``steps``.
    patience : int
        Evaluations without improvement after which training stops; 0 never stops early.
    precision : {"auto", "float32", "bfloat16"}
        "auto" is bfloat16 autocast where a GPU supports it, float32 elsewhere.
    compile : {"auto", "on", "off"}
        torch.compile; "auto" turns it on where it pays: on a GPU and for long training.
    checkpoint : str, optional
        A file that training saves its state to, on Ctrl-C too, and resumes from; on another number of
        devices too.
    devices : int
        Processes a machine, each on a GPU, or on a share of the processor's cores. A step is of ``batch_size``
        pairs however many they are. More than one needs the extra ``distributed``.
    nodes : int
        Machines. More than one are started by torchrun or SLURM, with ``devices`` processes on each.
    """

    steps: int = 200
    epochs: int | None = None
    batch_size: int = 128
    learning_rate: float = 4e-3
    schedule: str = "one-cycle"
    weight_decay: float = 0.01
    clip: float = 1.0
    soft_labels: bool = False
    conditional: bool = True
    validation: float = 0.1
    evaluations: int = 5
    patience: int = 4
    precision: str = "auto"
    compile: str = "auto"
    checkpoint: str | None = None
    devices: int = 1
    nodes: int = 1

    def shortened(self, share: float) -> Training:
        """The same for a share of the steps and epochs, at least one of each."""
        epochs = None if self.epochs is None else max(1, round(self.epochs * share))
        return replace(self, steps=max(1, round(self.steps * share)), epochs=epochs)


@dataclass(frozen=True)
class PairConfig:
    """How training pairs are drawn (section 4.1).

    Parameters
    ----------
    lambda_ : float
        Weight of the cost in Q ~ exp(-lambda * cost), eq. 6.
    gamma : float
        h above which a row with label 1 is in D_h+.
    top_k : int
        Nearest rows of D_h+ that Q is truncated to (Algorithm 1).
    denied : {"text", "code"}
        D_h-: "text" takes label 0 and h <= .5, "code" every row with h <= gamma.
    unmatched : {"nearest", "drop"}
        A denied row without an accepted row of the same immutables: "drop" leaves it out, as eq. 6 has
        it; "nearest" lets its continuous immutables differ at their cost.
    memory_mb : int
        Megabytes that a table of Q and the costs of a block of rows may take.
    table : {"auto", "on", "off"}
        Keep Q (8 bytes a source and neighbour), or search again for each batch; "auto" keeps it where it
        fits into ``memory_mb``.
    search : {"exact", "approximate"}
        "approximate" takes the nearest from an index (extra ``neighbours``) where there are very many.
    """

    lambda_: float = 5.0
    gamma: float = 0.7
    top_k: int = 200
    denied: str = "text"
    unmatched: str = "nearest"
    memory_mb: int = 1024
    table: str = "auto"
    search: str = "exact"


@dataclass(frozen=True)
class Binning:
    """How a continuous feature is cut into bins (section 4.2).

    Parameters
    ----------
    n_bins : int
        Most bins that a continuous feature gets.
    kind : {"values", "even", "left-edges"}
        "values": one for each value that 20 rows of D_h+ have (a fiftieth of them, where they are few); a
        rarer one is spoken for by its neighbour. A feature of mostly rare values has all of them, or
        quantiles, values that occur as well, where they are more than ``n_bins``. "even": bins of equal width whose
        centres go from the feature's least to its greatest value in D_h+, both included. "left-edges":
        the authors' grid 0, 1/n, ..., (n-1)/n for every feature.
    """

    n_bins: int = 128
    kind: str = "values"


@dataclass(frozen=True)
class SamplingConfig:
    """How answers are drawn (section 4.3).

    Parameters
    ----------
    temperature : float
        tau: logits are multiplied by it.
    sigma : float
        Standard deviation of the noise on continuous values, in the scaled space.
    n_samples : int
        Candidates a factual.
    """

    temperature: float = 10.0
    sigma: float = 0.0
    n_samples: int = 10


@dataclass(frozen=True)
class GeneratorConfig:
    """Everything that decides a trained generator, and how it is sampled by default.

    ``warm_start`` is the file of the generator that the training starts from, where it does not start anew.
    """

    pairs: PairConfig = field(default_factory=PairConfig)
    binning: Binning = field(default_factory=Binning)
    architecture: Architecture = field(default_factory=Architecture)
    training: Training = field(default_factory=Training)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    warm_start: str | None = None


DEFAULT = GeneratorConfig()

# Section 5.1 and appendix C.2.4; learning rate's optimiser, dropout, epochs and validation share from
# the authors' code. The paper trains Adult with batches of 16384.
PAPER = GeneratorConfig(
    pairs=PairConfig(top_k=1000, unmatched="drop"),
    binning=Binning(n_bins=50, kind="even"),
    architecture=Architecture(
        kind="encoder-decoder",
        embedding=32,
        encoder_layers=16,
        decoder_layers=16,
        heads=8,
        feed_forward=32,
        dropout=0.1,
        shared_tables=True,
        norm="post",
        activation="relu",
    ),
    training=Training(
        epochs=2000,
        batch_size=2048,
        learning_rate=1e-4,
        schedule="constant",
        weight_decay=0.0,
        clip=0.0,
        soft_labels=True,
        conditional=False,
        evaluations=2000,
        patience=0,
    ),
)

PRESETS = {"default": DEFAULT, "paper": PAPER}
