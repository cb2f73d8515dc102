"""The hf engine for many sessions a step: of clips and conditions that threads work on side by side.

Transformers' own decoder takes one length for all rows, and all frames of all rows; here rows have lengths of
their own. Beside sums in another order it comes to the same; parity is tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from smile.datatypes import LayerStates, Matrix
from smile.util.together import Together
from smile.whisper.engines.hf import HfRecognizer, run_encoder
from smile.whisper.engines.layers import split_heads, stacked


@dataclass(frozen=True, eq=False)
class _Encoding:
    features: Matrix
    layers: tuple[int, ...]

    @property
    def alike(self) -> tuple[type, object]:
        return _Encoding, self.features.shape


@dataclass(frozen=True, eq=False)
class _Step:
    session: BatchedSession
    tokens: NDArray[np.int64]

    @property
    def alike(self) -> tuple[type, object]:
        return _Step, self.tokens.shape[1] == 1


class BatchedRecognizer:
    """An hf engine that several threads share; see `Recognizer`.

    Args:
        inner: the engine.
    """

    def __init__(self, inner: HfRecognizer):
        self.info, self.mels, self.width, self.depth = inner.info, inner.mels, inner.width, inner.depth
        self.context, self.max_frames, self.inner = inner.context, inner.max_frames, inner
        whisper = cast(Any, inner.model.model)
        self._encoder, self._decoder = whisper.encoder, whisper.decoder
        self._heads = int(whisper.config.decoder_attention_heads)

    def encode(self, features: Matrix) -> Matrix:
        """Return states (frames / 2, d) of log-mel (mels, frames)."""
        return self.encode_layers(features, ())[0]

    def encode_layers(self, features: Matrix, layers: Sequence[int]) -> tuple[Matrix, LayerStates]:
        """Return what `encode` does, and the outputs (layers, frames / 2, d) of these encoder layers."""
        return cast(tuple[Matrix, LayerStates], ENGINE.ask((self, _Encoding(features, tuple(layers)))))

    def decoder(self, states: Matrix) -> BatchedSession:
        """Open a decoding over encoder states (frames, d) of any length."""
        return BatchedSession(self, states)

    def logits(self, hidden: Matrix) -> Matrix:
        """Return the next tokens' logits (n, vocabulary) of the decoder's last hidden states (n, d)."""
        return self.inner.logits(hidden)

    @torch.inference_mode()
    def memory(self, states: Matrix) -> list[tuple[Tensor, Tensor]]:
        """Return keys and values (heads, frames, d / heads) of encoder states (frames, d), by layer."""
        given = self.inner.tensor(states)[None]
        attentions = [layer.encoder_attn for layer in self._decoder.layers]
        pairs = [(attention.k_proj(given), attention.v_proj(given)) for attention in attentions]
        return [(split_heads(k, self._heads)[0], split_heads(v, self._heads)[0]) for k, v in pairs]

    @torch.inference_mode()
    def encoded(self, some: Sequence[_Encoding]) -> list[tuple[Matrix, LayerStates]]:
        """Encode windows of one length."""
        features = torch.stack([self.inner.tensor(one.features) for one in some])
        outputs: list[Tensor] = []
        states = run_encoder(self._encoder, features, outputs).float().cpu().numpy()
        rows = range(len(some))
        return [
            (states[i].copy(), stacked([out[i : i + 1] for out in outputs], some[i].layers)) for i in rows
        ]  # copies, so that who keeps one keeps no other

    @torch.inference_mode()
    def stepped(self, some: Sequence[_Step]) -> list[tuple[Matrix, NDArray[np.float32]]]:
        """Feed each session its tokens; returns what `DecoderSession.step` does, for each."""
        batch = _Batch(some, self.inner.device)
        x = self._decoder.embed_tokens(batch.tokens) + self._decoder.embed_positions.weight[batch.positions]
        for number, layer in enumerate(self._decoder.layers):
            x = x + layer.self_attn.out_proj(self._self_attended(layer, x, batch, number))
            x = x + layer.encoder_attn.out_proj(self._cross_attended(layer, x, batch, number))
            x = x + layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(x))))
        hidden = self._decoder.layer_norm(x)
        logits = self.inner.model.proj_out(hidden[torch.arange(len(x), device=x.device), batch.lengths - 1])
        return batch.parted(logits.float().cpu().numpy(), hidden.float().cpu().numpy())

    def _self_attended(self, layer: Any, x: Tensor, batch: _Batch, number: int) -> Tensor:
        given, attention = layer.self_attn_layer_norm(x), layer.self_attn
        q, k, v = (
            split_heads(p(given), self._heads) for p in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        keys, values = batch.grown(number, k, v)
        return F.scaled_dot_product_attention(q, keys, values, batch.seen).transpose(1, 2).flatten(2)

    def _cross_attended(self, layer: Any, x: Tensor, batch: _Batch, number: int) -> Tensor:
        q = split_heads(layer.encoder_attn.q_proj(layer.encoder_attn_layer_norm(x)), self._heads)
        keys, values = batch.memory(number)
        return F.scaled_dot_product_attention(q, keys, values, batch.heard).transpose(1, 2).flatten(2)


class BatchedSession:
    """A decoder with its caches; see `DecoderSession`."""

    def __init__(self, engine: BatchedRecognizer, states: Matrix):
        self._engine, self.at = engine, 0
        self.memory = engine.memory(states)
        self.past: list[tuple[Tensor, Tensor]] = []  # (beams, heads, tokens, d / heads), by layer

    def step(self, tokens: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.float32]]:
        """Feed tokens (beams, n); return last logits (beams, vocabulary), hidden states (beams, n, d)."""
        return cast(tuple[Matrix, NDArray[np.float32]], ENGINE.ask((self._engine, _Step(self, tokens))))

    def reorder(self, beams: NDArray[np.int64]) -> None:
        """Go on with these beams, in this order."""
        index = torch.from_numpy(beams).to(self._engine.inner.device)
        self.past = [(k.index_select(0, index), v.index_select(0, index)) for k, v in self.past]

    def attend(self, states: Matrix) -> None:
        """Let the tokens that follow attend to other states (frames, d)."""
        self.memory = self._engine.memory(states)


class _Batch:
    """Rows of several sessions, a beam each; what is longer in others is filled up and not attended to."""

    def __init__(self, some: Sequence[_Step], device: torch.device):
        self._sessions, self._beams = [one.session for one in some], [len(one.tokens) for one in some]
        self._lengths = [one.tokens.shape[1] for one in some]
        self._grown = {session: list[Tensor]() for session in self._sessions}
        rows = [torch.from_numpy(row) for one in some for row in one.tokens]
        self.tokens = pad_sequence(rows, batch_first=True).to(device)
        self.lengths = self._by_row(self._lengths).to(device)
        at = self._by_row([session.at for session in self._sessions]).to(device)
        n = self.tokens.shape[1]
        new = torch.arange(n, device=device)
        self.positions = at[:, None] + torch.minimum(new, self.lengths[:, None] - 1)
        before = torch.arange(int(at.max()), device=device) < at[:, None]
        causal = new[:, None] >= new
        self.seen = torch.cat([before[:, None].expand(-1, n, -1), causal.expand(len(rows), n, n)], -1)[
            :, None
        ]  # (rows, 1, n, before + n)
        frames = self._by_row([session.memory[0][0].shape[1] for session in self._sessions]).to(device)
        self.heard = (torch.arange(int(frames.max()), device=device) < frames[:, None])[:, None, None]

    def _by_row(self, values: Sequence[int]) -> Tensor:
        return torch.tensor(values).repeat_interleave(torch.tensor(self._beams))

    def grown(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values to attend to: new ones (rows, heads, n, d / heads) behind the sessions'."""
        return self._behind(layer, 0, k), self._behind(layer, 1, v)

    def _behind(self, layer: int, which: int, new: Tensor) -> Tensor:
        before, at = [], 0
        for session, beams, length in zip(self._sessions, self._beams, self._lengths, strict=True):
            mine = new[at : at + beams, :, :length]
            past = session.past[layer][which] if session.past else mine[:, :, :0]
            self._grown[session].append(torch.cat([past, mine], 2))
            before += [*past]
            at += beams
        return torch.cat([_filled(before), new], 2)

    def memory(self, layer: int) -> tuple[Tensor, Tensor]:
        """Return keys and values of what is heard, (rows, heads, frames, d / heads)."""
        heard = [session.memory[layer] for session in self._sessions]
        index = self._by_row(range(len(heard))).to(self.tokens.device)
        keys, values = (_filled([pair[which] for pair in heard])[index] for which in (0, 1))
        return keys, values

    def parted(self, logits: Matrix, hidden: NDArray[np.float32]) -> list[tuple[Matrix, NDArray[np.float32]]]:
        """Part logits (rows, vocabulary) and hidden states (rows, n, d) by session; they are further on."""
        parts, at = [], 0
        for session, beams, length in zip(self._sessions, self._beams, self._lengths, strict=True):
            grown = self._grown[session]
            session.past = list(zip(grown[::2], grown[1::2], strict=True))
            session.at += length
            parts.append((logits[at : at + beams].copy(), hidden[at : at + beams, :length].copy()))
            at += beams
        return parts


def _filled(rows: Sequence[Tensor]) -> Tensor:
    """Return rows (heads, n, d / heads) of any n as one, zeros at the ends."""
    longest = max(row.shape[1] for row in rows)
    return torch.stack([F.pad(row, (0, 0, 0, longest - row.shape[1])) for row in rows])


def _done(some: Sequence[tuple[BatchedRecognizer, _Encoding | _Step]]) -> list[Any]:
    """Do what is asked of engines: windows of one length at once, and steps, those of one token apart."""
    groups, results = defaultdict[Any, list[int]](list), [None] * len(some)
    for number, (engine, asked) in enumerate(some):
        groups[engine, *asked.alike].append(number)
    for (engine, kind, _), numbers in groups.items():
        do = engine.stepped if kind is _Step else engine.encoded
        made = do([some[number][1] for number in numbers])
        for number, result in zip(numbers, made, strict=True):
            results[number] = result
    return results


ENGINE = Together(_done)
"""Where all threads of this process ask; of two models, too, whose lanes are the same threads."""
