"""Whisper's decoder over packed episodes encoded independently: each clip's tokens with its own frames.

What `smile.decoding.context` does clip by clip when it serves, in one pass and with gradients. Attention runs
over the pieces that may see each other, so nothing is padded and nothing is masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Layout:
    """Which tokens and frames of packed episodes belong together."""

    tokens: tuple[int, ...]  # of each clip
    frames: tuple[int, ...]  # of each clip
    episodes: tuple[int, ...]  # tokens of each episode


def run_apart(decoder: nn.Module, tokens: Tensor, states: Tensor, layout: Layout) -> Tensor:
    """Run tokens (n,) and encoder states (frames, d) of all clips -> last hidden states (n, d)."""
    whisper = cast(Any, decoder)
    positions = torch.cat([torch.arange(n, device=tokens.device) for n in layout.episodes])
    x = whisper.embed_tokens(tokens) + whisper.embed_positions.weight[positions]
    for layer in whisper.layers:
        y = layer.self_attn_layer_norm(x)
        x = x + _attention(layer.self_attn, y, y, layout.episodes, layout.episodes, causal=True)
        y = layer.encoder_attn_layer_norm(x)
        x = x + _attention(layer.encoder_attn, y, states, layout.tokens, layout.frames)
        x = x + layer.fc2(layer.activation_fn(layer.fc1(layer.final_layer_norm(x))))
    return cast(Tensor, whisper.layer_norm(x))


def _attention(
    module: Any, x: Tensor, seen: Tensor, ours: Sequence[int], theirs: Sequence[int], *, causal: bool = False
) -> Tensor:
    """Each piece of x (n, d) attends to the piece of `seen` (m, d) with the same number."""
    q, k, v = (
        project(y).unflatten(-1, (module.num_heads, -1)).transpose(0, 1)
        for project, y in ((module.q_proj, x), (module.k_proj, seen), (module.v_proj, seen))
    )
    pieces = zip(q.split(ours, 1), k.split(theirs, 1), v.split(theirs, 1), strict=True)
    attended = [
        F.scaled_dot_product_attention(a[None], b[None], c[None], is_causal=causal)[0] for a, b, c in pieces
    ]
    return cast(Tensor, module.out_proj(torch.cat(attended, 1).transpose(0, 1).flatten(1)))
