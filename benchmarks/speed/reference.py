"""GenRe as the paper has it, written plainly with ``torch.nn.Transformer``: what ours is timed against.

From sections 4.2 and 5.1, algorithms 1 and 2 and appendix C.2.4 of Garg, Nagalapatti and Sarawagi (ICLR 2025). The
paper leaves open how a value enters the transformer (here along a learned direction), the optimiser (here Adam) and the
dropout (here torch's own). Shapes: B rows, D features, K bins, N neighbours.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

EMBEDDING, LAYERS, HEADS, FEED_FORWARD, DROPOUT = 32, 16, 8, 32, 0.1
N_BINS, NEIGHBOURS, LAMBDA = 50, 1000, 5.0
LEARNING_RATE, EPOCHS, BATCH = 1e-4, 2000, 2048


class Reference(nn.Module):
    """R(x+|x) of section 4.2.

    Parameters
    ----------
    accepted : ndarray (n, D)
        D_h+, of which each feature's range is cut into equal bins.
    layers : int
        Of the encoder, and of the decoder.
    """

    means: Tensor
    widths: Tensor

    def __init__(self, accepted: np.ndarray, layers: int = LAYERS) -> None:
        super().__init__()
        edges = np.linspace(accepted.min(0), accepted.max(0), N_BINS + 1).T  # (D, K + 1)
        self.register_buffer("means", torch.from_numpy((edges[:, 1:] + edges[:, :-1]) / 2).float())
        widths = torch.from_numpy(edges[:, 1] - edges[:, 0]).float()
        self.register_buffer(
            "widths", torch.where(widths > 0, widths, 1.0)
        )  # a constant feature has one value
        n_features = accepted.shape[1]
        self.value = nn.Linear(1, EMBEDDING)
        self.start = nn.Parameter(torch.zeros(EMBEDDING))
        self.factual_position = nn.Parameter(torch.randn(n_features, EMBEDDING) * 0.02)
        self.answer_position = nn.Parameter(torch.randn(n_features, EMBEDDING) * 0.02)
        self.transformer = nn.Transformer(
            EMBEDDING, HEADS, layers, layers, FEED_FORWARD, DROPOUT, batch_first=True
        )
        self.head = nn.Linear(EMBEDDING, N_BINS)

    def encode(self, factual: Tensor) -> Tensor:
        """(B, D) -> (B, D, E)."""
        encoded: Tensor = self.transformer.encoder(self.value(factual.unsqueeze(-1)) + self.factual_position)
        return encoded

    def decode(self, memory: Tensor, before: Tensor) -> Tensor:
        """The encoder's states and the first j - 1 answers (B, j - 1) -> logits of the first j, (B, j, K)."""
        length = before.shape[1] + 1
        start = self.start.expand(len(before), 1, -1)
        tokens = torch.cat([start, self.value(before.unsqueeze(-1))], dim=1) + self.answer_position[:length]
        causal = nn.Transformer.generate_square_subsequent_mask(length, device=tokens.device)
        logits: Tensor = self.head(
            self.transformer.decoder(tokens, memory, tgt_mask=causal, tgt_is_causal=True)
        )
        return logits

    def loss(self, factual: Tensor, answer: Tensor) -> Tensor:
        """Eq. 8, summed over the features: (B, D), (B, D) -> (B,)."""
        log_p = self.decode(self.encode(factual), answer[:, :-1]).log_softmax(-1)
        distance = (answer.unsqueeze(-1) - self.means) / self.widths.unsqueeze(-1)  # (B, D, K)
        return -((-(distance**2) / 2).softmax(-1) * log_p).sum((1, 2))

    @torch.no_grad()
    def sample(self, factual: Tensor, n_samples: int, temperature: float = 10.0) -> Tensor:
        """Algorithm 2 with sigma 0: the decoder reads the answer so far again for every feature.

        Parameters
        ----------
        factual : Tensor (B, D)
        n_samples : int
        temperature : float
            tau.

        Returns
        -------
        Tensor (B, n_samples, D)
            Bin centres; categories are not rounded.
        """
        self.eval()
        memory = self.encode(factual).repeat_interleave(n_samples, 0)
        answer = memory.new_empty(len(memory), 0)
        for means in self.means:
            logits = self.decode(memory, answer)[:, -1]
            index = torch.multinomial((logits * temperature).softmax(-1), 1)
            answer = torch.cat([answer, means[index]], dim=1)
        return answer.view(len(factual), n_samples, -1)


class ReferenceTraining:
    """Algorithm 1: one draw from Q a source, cross entropy, Adam.

    Parameters
    ----------
    model : Reference
    sources : ndarray (M, D)
        D_h-, each with a row of D_h+ of the same immutables.
    targets : ndarray (n, D)
        D_h+.
    immutable : ndarray (D,), bool
        Features that a source and its targets have in common.
    """

    def __init__(
        self, model: Reference, sources: np.ndarray, targets: np.ndarray, immutable: np.ndarray
    ) -> None:
        self.model = model
        device = model.start.device
        self.sources = torch.from_numpy(sources).float().to(device)
        self.targets = torch.from_numpy(targets).float().to(device)
        fixed = torch.from_numpy(immutable).to(device)
        near = [nearest(rows, self.targets, fixed) for rows in self.sources.split(BATCH)]
        self.neighbours, self.weights = (torch.cat(part) for part in zip(*near, strict=True))
        self.optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def epoch(self, batch: int = BATCH) -> float:
        """Every source once; the mean loss."""
        losses = [
            self.step(rows)
            for rows in torch.randperm(len(self.sources), device=self.sources.device).split(batch)
        ]
        return sum(losses) / len(losses)

    def step(self, rows: Tensor) -> float:
        """One gradient step on sources (B,); its mean loss."""
        self.model.train()
        drawn = torch.multinomial(self.weights[rows], 1)
        targets = self.targets[self.neighbours[rows].gather(1, drawn).squeeze(1)]
        loss = self.model.loss(self.sources[rows], targets).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def nearest(sources: Tensor, targets: Tensor, immutable: Tensor) -> tuple[Tensor, Tensor]:
    """Q of eq. 6, truncated to the nearest: places among the targets and weights, both (B, N)."""
    cost = torch.cdist(sources, targets, p=1.0)
    differs = torch.cdist(sources[:, immutable], targets[:, immutable], p=1.0) > 0
    near = cost.masked_fill(differs, torch.inf).topk(min(NEIGHBOURS, len(targets)), largest=False)
    return near.indices, (-LAMBDA * near.values).softmax(-1)
