"""Keeps data loaders in one process where the jail refuses the sockets that their workers talk through."""

from __future__ import annotations

from typing import Any

_OF_WORKERS = ("num_workers", "prefetch_factor", "persistent_workers", "multiprocessing_context", "timeout")


def keep_in_process() -> None:
    """Make every DataLoader load where it is used, whatever number of workers it asks for."""
    from torch.utils.data import DataLoader

    original = DataLoader.__init__

    def with_no_workers(self: DataLoader[Any], *arguments: Any, **options: Any) -> None:
        # dataset, batch_size, shuffle, sampler, batch_sampler come before num_workers
        given = (*arguments[:5], 0, *arguments[6:]) if len(arguments) > 5 else arguments
        kept = {name: value for name, value in options.items() if name not in _OF_WORKERS}
        original(self, *given, **kept)

    DataLoader.__init__ = with_no_workers  # type: ignore[method-assign]
