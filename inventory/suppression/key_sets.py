"""A million keys in little memory: 16 bytes each, and sorted only where they are needed."""

from collections.abc import Iterator
from uuid import UUID

from leads.contact_keys import KEY_BYTES


class KeySet:
    """Keys as they come, repeated ones too. A million of them take 16 MB.

    They lie in 256 heaps by their first byte, so each heap is sorted by itself and all come out in order.
    """

    def __init__(self) -> None:
        self.added = 0
        self._heaps = [bytearray() for _ in range(256)]

    def add(self, key: bytes) -> None:
        self._heaps[key[0]] += key
        self.added += 1

    def pieces(self, size: int) -> Iterator[list[UUID]]:
        """All different keys in order, `size` at a time."""
        piece: list[UUID] = []
        for key in self._sorted():
            piece.append(UUID(bytes=key))
            if len(piece) == size:
                yield piece
                piece = []
        if piece:
            yield piece

    def _sorted(self) -> Iterator[bytes]:
        for heap in self._heaps:
            yield from sorted({bytes(heap[at : at + KEY_BYTES]) for at in range(0, len(heap), KEY_BYTES)})
