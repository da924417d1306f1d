"""What a generator is and how it is trained: the options, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from carla_genre.options import described, option


@described
@dataclass(frozen=True)
class Stack:
    """The blocks of a transformer."""

    embedding: int = option(32, "Width E of the residual stream.", "[1, inf)")
    decoder_layers: int = option(2, "Blocks of the decoder.", "[1, inf)")
    heads: int = option(2, "Attention heads. The number divides ``embedding``.", "[1, inf)")
    feed_forward: int = option(128, "Hidden width of the feed-forward half of a block.", "[1, inf)")
    dropout: float = option(0.0, "Share of numbers set to 0 in training.", "[0, 1)")
    shared_tables: bool = option(False, "All features share one bin embedding and one output layer (paper).")
    norm: str = option("pre", "Layer norm before a part of a block, or after its residual.", ("pre", "post"))
    activation: str = option("gelu", "Of the feed-forward half.", ("gelu", "relu"))


@described
@dataclass(frozen=True)
class Architecture(Stack):
    """The transformer's shape.

    A fourth kind, "decoder", reads no factual: the unconditional density of section 5.4 has it.
    """

    kind: str = option(
        "summary",
        'How the factual is read. "encoder-decoder" is the paper\'s way (section 4.2). "summary": a small '
        "network reads the factual as a whole and adds to each position of the answer, so that there are half as many "
        "positions.",
        ("summary", "encoder-decoder"),
    )
    encoder_layers: int = option(0, 'Blocks of the encoder, of kind "encoder-decoder".', "[0, inf)")
    summary: int = option(128, 'Hidden width of the factual\'s network, of kind "summary".', "[1, inf)")
    patch: int = option(
        1,
        'Features that share one position, of kind "summary". More than 1 pays with a hundred features or more.',
        "[1, inf)",
    )


@described
@dataclass(frozen=True)
class Fitting:
    """How a transformer is fitted."""

    steps: int = option(200, "Most gradient steps; early stopping may end before.", "[1, inf)")
    epochs: int | None = option(None, "Most passes over the rows, instead of ``steps``.", "[1, inf)")
    batch_size: int = option(128, "Rows a step.", "[1, inf)")
    learning_rate: float = option(4e-3, "Highest rate.", "(0, inf)")
    schedule: str = option(
        "one-cycle",
        '"one-cycle" rises for a tenth of the steps, then falls to zero.',
        ("one-cycle", "constant"),
    )
    weight_decay: float = option(0.01, "AdamW's, on matrices; 0 is the paper's Adam.", "[0, inf)")
    clip: float = option(1.0, "Most that the gradient's norm may be; 0 for no limit.", "[0, inf)")
    soft_labels: bool = option(False, "Learn kernel soft labels (eq. 8) instead of a value's bin.")
    validation: float = option(
        0.1, "Share of the rows held out, to stop early on the best weights.", "[0, 1)"
    )
    evaluations: int = option(5, "How often the validation loss is measured over ``steps``.", "[1, inf)")
    patience: int = option(4, "Evaluations without improvement that end the training; 0: never.", "[0, inf)")
    precision: str = option(
        "auto", '"auto" is bfloat16 where a GPU supports it, else float32.', ("auto", "float32", "bfloat16")
    )
    compile: str = option(
        "auto", 'torch.compile; "auto": where it pays, on a GPU for long training.', ("auto", "on", "off")
    )
    checkpoint: str | None = option(
        None,
        "File of the training's state: saved now and then and on Ctrl-C, resumed on any number of devices.",
    )
    devices: int = option(
        1,
        "Processes a machine, each on a GPU or a share of the cores, which share a step's rows. More than one needs "
        "the extra ``distributed``.",
        "[1, inf)",
    )
    nodes: int = option(
        1, "Machines, each of ``devices`` processes; torchrun or SLURM starts them.", "[1, inf)"
    )


@described
@dataclass(frozen=True)
class Training(Fitting):
    """How GenRe's transformer is fitted, to pairs of a denied row and an accepted one."""

    conditional: bool = option(
        True,
        "Learn a feature's exact distribution under Q, given the drawn features before it, instead of the drawn bin.",
    )

    def shortened(self, share: float) -> Training:
        """The same for a share of the steps and epochs, at least one of each."""
        epochs = None if self.epochs is None else max(1, round(self.epochs * share))
        return replace(self, steps=max(1, round(self.steps * share)), epochs=epochs)


@described
@dataclass(frozen=True)
class Pairing:
    """How Q is found for very many rows."""

    memory_mb: int = option(1024, "Megabytes for the table of Q, and for the costs of a block.", "[1, inf)")
    table: str = option(
        "auto",
        'Keep Q in a table, or search again for each batch. "auto" keeps what fits into ``memory_mb``.',
        ("auto", "on", "off"),
    )
    search: str = option(
        "exact",
        '"approximate" looks into an index where there are very many rows (extra ``neighbours``).',
        ("exact", "approximate"),
    )


@described
@dataclass(frozen=True)
class PairConfig(Pairing):
    """How training pairs are drawn (section 4.1)."""

    lambda_: float = option(
        5.0, "Weight of the cost in Q ~ exp(-lambda * cost), eq. 6.", "[0, inf)", aliases=("lambda",)
    )
    gamma: float = option(
        0.7,
        "A row with label 1 and h above gamma is in D_h+, the accepted rows that are learned from.",
        "[0.5, 1)",
    )
    top_k: int = option(
        200, "Q is truncated to so many nearest rows of D_h+ (Algorithm 1; paper: 1000).", "[1, inf)"
    )
    denied: str = option(
        "text",
        'Which rows are denied (D_h-). "text": label 0 and h <= .5. "code": h <= gamma.',
        ("text", "code"),
    )
    unmatched: str = option(
        "nearest",
        'What to do with a denied row without an accepted row of the same immutables. "drop" leaves it out, as '
        'eq. 6 does. "nearest" lets its continuous immutables differ, at their cost.',
        ("nearest", "drop"),
    )


@described
@dataclass(frozen=True)
class Binning:
    """How a continuous feature is cut into bins (section 4.2)."""

    n_bins: int = option(128, "Most bins of a continuous feature (paper: 50).", "[2, inf)")
    kind: str = option(
        "values",
        '"values": a bin for each value that 20 rows of D_h+ have (a fiftieth of them, where they are few); a rarer '
        "value belongs to its nearest neighbour's bin. A feature of mostly rare values has a bin for each of them, or, "
        'above ``n_bins``, for quantiles that occur as values. "even" (paper): bins of equal width, centred from the '
        'least to the greatest value in D_h+. "left-edges": the grid 0, 1/n, ..., (n-1)/n of the authors\' code.',
        ("values", "even", "left-edges"),
    )


@described
@dataclass(frozen=True)
class SamplingConfig:
    """How answers are drawn (section 4.3)."""

    temperature: float = option(10.0, "tau: logits are multiplied by it.", "(0, inf)", aliases=("tau",))
    sigma: float = option(
        0.0, "Standard deviation of the noise on continuous values, in the scaled space.", "[0, inf)"
    )
    n_samples: int = option(10, "Candidates a factual.", "[1, inf)")


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
