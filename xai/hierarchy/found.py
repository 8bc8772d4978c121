"""What a search through a tree found: values of parts that add up, level by level."""

from dataclasses import dataclass

from xai.typing import Floats

Path = tuple[int, ...]
Value = float | Floats


@dataclass(frozen=True, eq=False)
class Node:
    """A part, or a single player, of an explained tree.

    value : in the units of the game, float or (k,): its value in the game of its siblings and of those of each part above it
    standard_error : like it; 0 where every coalition of that game was evaluated
    opened : whether its children have values
    together : value less the children's values: what its children do only together; 0 where it is not opened, for
        Shapley values and for two children (Lehrer 1988)
    players : how many players of the game it holds
    """

    label: str
    value: Value
    standard_error: Value
    together: Value
    opened: bool
    players: int


@dataclass(frozen=True, eq=False)
class Redundant:
    """Two parts that stand for each other: what is lost, float or (k,), without one, without the other, without both."""

    paths: tuple[Path, Path]
    without_first: Value
    without_second: Value
    without_both: Value


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """An explained tree.

    nodes : path → `Node`; the tree itself is (), its second child (1,), that one's first (1, 0). Children of an opened
        node are all there; their values and its `together` add up to its value
    redundant : pairs of parts of which either is enough, the strongest first
    evaluations : coalitions the game evaluated for it;  empty_value, full_value : v(∅), v(N), float or (k,)
    """

    nodes: dict[Path, Node]
    redundant: list[Redundant]
    index: str
    seed: int
    budget: int
    evaluations: int
    seconds: float
    empty_value: Value
    full_value: Value

    def children(self, path: Path) -> list[Node]:
        """The children of an opened node; none of another."""
        found: list[Node] = []
        while (*path, len(found)) in self.nodes:
            found.append(self.nodes[*path, len(found)])
        return found
