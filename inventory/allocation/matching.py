"""Which lines can have how many leads of which places at once.

Places lie within one another, so a place can give its leads if and only if no place around it, itself included, is
asked for more than it holds. Lines over several places lie crosswise, so what one is given may have to move to another
of its places. That is a flow: from lines to places, and from each place to the one around it, which lets through what
it holds. It grows along the shortest path that is open, and is as large as it can be when none is.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Self

from inventory.facts.criteria import Criteria

ANY_NUMBER = 1 << 62
"""To ask how many a line could have."""

type _Node = int | Criteria | None
"""A line by its number, a place, or, as None, what lies around all places."""

type _Step = tuple[_Node, _Node]


class Matching:
    """Of lines and `places`: plain criteria, whose `supply` is how many records match them."""

    def __init__(self, places: Iterable[Criteria], supply: Callable[[Criteria], int]) -> None:
        self._free = {place: supply(place) for place in places}
        self._out = dict.fromkeys(self._free, 0)
        self._around = {place: self._next_around(place) for place in self._free}
        self._inside: dict[Criteria, list[Criteria]] = {place: [] for place in self._free}
        for place, around in self._around.items():
            if around is not None:
                self._inside[around].append(place)
        self._places: dict[int, Sequence[Criteria]] = {}
        self._given: dict[int, Counter[Criteria]] = {}

    def _next_around(self, place: Criteria) -> Criteria | None:
        return next((wide for wide in place.widened() if wide != place and wide in self._free), None)

    def copy(self) -> Self:
        twin = object.__new__(type(self))
        twin._around, twin._inside = self._around, self._inside
        twin._free, twin._out, twin._places = dict(self._free), dict(self._out), dict(self._places)
        twin._given = {line: Counter(given) for line, given in self._given.items()}
        return twin

    def room(self, place: Criteria) -> int:
        """How many more leads the place can give while nothing else moves."""
        return min(self._free[one] for one in self._outwards(place))

    def give(
        self, line: int, places: Sequence[Criteria], quantity: int, first: Mapping[Criteria, int] | None = None
    ) -> int:
        """Gives the line up to `quantity` leads, from `first` as far as there is room. Returns how many it has."""
        self._places[line], self._given[line] = places, Counter()
        for place, wanted in (first or {}).items():
            if (amount := min(wanted, self.room(place))) > 0:
                self._move([(line, place), *pairwise([*self._outwards(place), None])], amount)
        while (missing := quantity - self._given[line].total()) and (path := self._open_path(line)):
            self._move(path, min(missing, *(self._open(step) for step in path)))
        return self._given[line].total()

    def given(self, line: int) -> Counter[Criteria]:
        """What the line has of each place, now that all lines are there."""
        return +self._given[line]

    def _outwards(self, place: Criteria) -> list[Criteria]:
        path = [place]
        while (around := self._around[path[-1]]) is not None:
            path.append(around)
        return path

    def _open_path(self, line: int) -> list[_Step]:
        came: dict[_Node, _Node] = {line: line}
        waiting: deque[_Node] = deque([line])
        while waiting:
            node = waiting.popleft()
            for following in self._following(node):
                if following in came or not self._open((node, following)):
                    continue
                came[following] = node
                if following is None:
                    return _steps(came, line)
                waiting.append(following)
        return []

    def _following(self, node: _Node) -> Iterator[_Node]:
        if isinstance(node, Criteria):
            yield self._around[node]
            yield from self._inside[node]
            yield from (line for line, given in self._given.items() if given[node])
        elif node is not None:
            yield from self._places[node]

    def _open(self, step: _Step) -> int:
        """By how much the flow can grow along the step; against the flow, by what flows."""
        match step:
            case int(), Criteria():
                return ANY_NUMBER
            case Criteria() as place, int(line):
                return self._given[line][place]
            case Criteria() as place, around if around == self._around[place]:
                return self._free[place]
            case _, Criteria() as inside:
                return self._out[inside]
        raise ValueError(f"There is no step {step}.")

    def _move(self, path: Iterable[_Step], amount: int) -> None:
        for step in path:
            match step:
                case int(line), Criteria() as place:
                    self._given[line][place] += amount
                case Criteria() as place, int(line):
                    self._given[line][place] -= amount
                case Criteria() as place, around if around == self._around[place]:
                    self._free[place] -= amount
                    self._out[place] += amount
                case _, Criteria() as inside:
                    self._free[inside] += amount
                    self._out[inside] -= amount


def _steps(came: Mapping[_Node, _Node], line: int) -> list[_Step]:
    """The path to the outside, backwards."""
    path: list[_Step] = []
    node: _Node = None
    while node != line:
        path.append((came[node], node))
        node = came[node]
    return path
