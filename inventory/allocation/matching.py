"""Which lines can have how many leads of which places at once.

Places lie within one another, so a place can give its leads if and only if no place around it, itself included, is
asked for more than it holds. Lines over several places lie crosswise, so what one is given may have to move to another
of its places. That is a flow: from lines to places, and from each place to the one around it, which lets through what
it holds. It grows along the shortest path that is open, and is as large as it can be when none is.

Fifty lines over fifty places are searched many times, so places are numbers within, and leads that a place has free are
given without a search.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Self

from inventory.facts.criteria import Criteria

ANY_NUMBER = 1 << 62
"""To ask how many a line could have."""

type _Place = int


class _Step(NamedTuple):
    """To a place: from the line itself, from a place that gives up leads of a line which takes them here instead, or
    from the place around it or inside it."""

    before: _Place | None
    line: int | None
    place: _Place


class Matching:
    """Of lines and `places`: plain criteria, whose `supply` is how many records match them."""

    def __init__(self, places: Iterable[Criteria], supply: Callable[[Criteria], int]) -> None:
        self._criteria = list(dict.fromkeys(places))
        self._numbers = {criteria: number for number, criteria in enumerate(self._criteria)}
        self._free = list(map(supply, self._criteria))
        self._out = [0] * len(self._free)
        self._around = list(map(self._next_around, self._criteria))
        self._inside: list[list[_Place]] = [[] for _ in self._free]
        for place, around in enumerate(self._around):
            if around is not None:
                self._inside[around].append(place)
        self._places: dict[int, Sequence[_Place]] = {}
        self._given: dict[_Place, dict[int, int]] = {}

    def _next_around(self, criteria: Criteria) -> _Place | None:
        around = (self._numbers.get(wide) for wide in islice(criteria.widened(), 1, None))
        return next((place for place in around if place is not None), None)

    def copy(self) -> Self:
        twin = object.__new__(type(self))
        twin._criteria, twin._numbers = self._criteria, self._numbers
        twin._around, twin._inside = self._around, self._inside
        twin._free, twin._out, twin._places = list(self._free), list(self._out), dict(self._places)
        twin._given = {place: dict(lines) for place, lines in self._given.items()}
        return twin

    def room(self, place: Criteria) -> int:
        """How many more leads the place can give while nothing else moves."""
        return self._room(self._numbers[place])

    def give(
        self, line: int, places: Sequence[Criteria], quantity: int, first: Mapping[Criteria, int] | None = None
    ) -> int:
        """Gives the line up to `quantity` leads, from `first` as far as there is room. Returns how many it has."""
        numbers = self._places[line] = [self._numbers[place] for place in places]
        missing = quantity
        wanted = [(self._numbers[place], number) for place, number in (first or {}).items()]
        for place, number in [*wanted, *((place, quantity) for place in numbers)]:
            if (amount := min(number, missing, self._room(place))) > 0:
                self._take(line, place, amount)
                self._let_out_of_all(place, amount)
                missing -= amount
        while missing and (amount := self._search(line, missing)):
            missing -= amount
        return quantity - missing

    def given(self, line: int) -> Counter[Criteria]:
        """What the line has of each place, now that all lines are there."""
        of_places = {self._criteria[place]: self._given.get(place, {}).get(line, 0) for place in self._places[line]}
        return +Counter(of_places)

    def _room(self, place: _Place) -> int:
        room = self._free[place]
        while (around := self._around[place]) is not None:
            place = around
            room = min(room, self._free[place])
        return room

    def _search(self, line: int, missing: int) -> int:
        """Gives the line more along open paths, the shortest first. Returns how much: 0 if there is no open path.

        Each place is reached by one path only, and what moves along one may close another: then search again. It goes
        on only from places without room, and none of those gets room: the places around it had none either.
        """
        came = {place: _Step(None, line, place) for place in self._places[line]}
        lines = {line}
        waiting = deque(came)
        found = 0
        while waiting and found < missing:
            place = waiting.popleft()
            if room := self._room(place):
                found += self._move(_steps(came, place), min(room, missing - found))
                if self._room(place):
                    continue  # nothing more comes here
            around = self._around[place]
            if around is not None and around not in came and self._free[place]:
                came[around] = _Step(place, None, around)
                waiting.append(around)
            for inside in self._inside[place]:
                if inside not in came and self._out[inside]:
                    came[inside] = _Step(place, None, inside)
                    waiting.append(inside)
            for other in self._given[place].keys() - lines if place in self._given else ():
                lines.add(other)
                for instead in self._places[other]:
                    if instead not in came:
                        came[instead] = _Step(place, other, instead)
                        waiting.append(instead)
        return found

    def _open(self, step: _Step) -> int:
        """By how much the flow can grow along the step; against the flow, by what flows."""
        if step.before is None:
            return ANY_NUMBER
        if step.line is not None:
            return self._given[step.before].get(step.line, 0)
        if self._around[step.before] == step.place:
            return self._free[step.before]
        return self._out[step.place]

    def _move(self, path: Sequence[_Step], most: int) -> int:
        """As much as the path lets through, and then outwards. `most` is no more than there is room for."""
        amount = min(most, *map(self._open, path))
        if amount:
            for before, line, place in path:
                if line is not None:
                    self._take(line, place, amount)
                    if before is not None:
                        self._take(line, before, -amount)
                elif before is not None and self._around[before] == place:
                    self._let_out(before, amount)
                else:
                    self._let_out(place, -amount)
            self._let_out_of_all(path[-1].place, amount)
        return amount

    def _take(self, line: int, place: _Place, amount: int) -> None:
        lines = self._given.setdefault(place, {})
        lines[line] = lines.get(line, 0) + amount
        if not lines[line]:
            del lines[line]

    def _let_out_of_all(self, place: _Place, amount: int) -> None:
        outwards: _Place | None = place
        while outwards is not None:
            self._let_out(outwards, amount)
            outwards = self._around[outwards]

    def _let_out(self, place: _Place, amount: int) -> None:
        self._free[place] -= amount
        self._out[place] += amount


def _steps(came: Mapping[_Place, _Step], place: _Place) -> list[_Step]:
    path = [came[place]]
    while (before := path[-1].before) is not None:
        path.append(came[before])
    return path[::-1]
