"""Random expressions of DynamoDB, and the names and values that they need, mostly."""

import random
from typing import Any

NAMES = ["a", "b", "c", "open", "due", "state", "run"]

_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")


def value(chance: random.Random, name: str = "") -> dict[str, Any]:
    """Give a value for an attribute."""
    kind = chance.random() * 1.05
    if name == "due" and kind < 0.95:
        return {"N": str(chance.choice([1, 2.5, 3, 10, "3.0", "1e-7"]))}
    if name == "open" and kind < 0.95:
        return {"S": chance.choice(["x", "y"])}
    if name == "run" and kind < 0.9:
        return {"N": str(chance.randrange(4))}
    if kind < 0.4:
        return {"N": chance.choice(["0", "1", "2", "3.5", "-1", "10", "1e3", "007", "x"])}
    if kind < 0.8:
        return {"S": chance.choice(["x", "y", "z", "QUEUED", "STARTED", "", "é"])}
    if kind < 0.9:
        return {"BOOL": chance.random() < 0.5}
    return chance.choice(
        [
            {"NULL": True},
            {"L": [{"S": "p"}, {"N": "1"}]},
            {"M": {"q": {"S": "v"}}},
            {"SS": ["a", "b"]},
            {"NS": ["1", "2"]},
            {"S": "x", "N": "1"},
        ]
    )


class Expressions:
    """The expressions of one request."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, name: str = "") -> str:
        """Give an attribute as an expression names it."""
        name = name or self._chance.choice([*NAMES, "id"] if self._seldom() else NAMES)
        if self._seldom():
            return name
        self._names[f"#{name}"] = name
        return f"#{name}"

    def value(self, name: str = "") -> str:
        """Give a value as an expression names it."""
        mark = f":v{len(self._values)}"
        self._values[mark] = value(self._chance, name)
        return mark

    def _seldom(self) -> bool:
        return self._chance.random() < 0.02

    def condition(self, depth: int = 0) -> str:
        """Give a condition."""
        kind = self._chance.random()
        if depth < 3 and kind < 0.4:
            joint = " AND " if kind < 0.25 else " OR "
            return self.condition(depth + 1) + joint + self.condition(depth + 1)
        if depth < 3 and kind < 0.47:
            return f"NOT {self.condition(depth + 1)}"
        if depth < 3 and kind < 0.54:
            return f"({self.condition(depth + 1)})"
        return self._simple(self._chance.choice(NAMES), self._chance.random())

    def _simple(self, name: str, kind: float) -> str:
        if kind < 0.3:
            exists = self._chance.choice(["attribute_exists", "attribute_not_exists"])
            return f"{exists}({self.name(name)})"
        if kind < 0.75:
            other = self.name() if self._seldom() else self.value(name)
            return f"{self.name(name)} {self._chance.choice(_COMPARISONS)} {other}"
        if kind < 0.85:
            return f"{self.name(name)} IN ({self.value(name)}, {self.value(name)})"
        if kind < 0.9:
            return f"{self.name(name)} BETWEEN {self.value(name)} AND {self.value(name)}"
        return self._chance.choice(
            [
                f"begins_with({self.name(name)}, {self.value(name)})",
                f"contains({self.name(name)}, {self.value(name)})",
                f"size({self.name(name)}) > {self.value('due')}",
                f"attribute_type({self.name(name)}, {self.value('open')})",
            ]
        )

    def update(self) -> str:
        """Give an update."""
        clauses, chance = [], self._chance
        names = chance.sample(NAMES, 5) + ([chance.choice(NAMES)] if self._seldom() else [])
        if chance.random() < 0.9:
            sets = [self._set(names.pop()) for _ in range(chance.randint(1, 3))]
            clauses.append("SET " + ", ".join(sets))
        if chance.random() < 0.4:
            clauses.append("REMOVE " + ", ".join(self.name(names.pop()) for _ in range(2)))
        if self._seldom():
            clauses.append(f"ADD {self.name(chance.choice(NAMES))} {self.value('due')}")
        if self._seldom():
            clauses.append(f"DELETE {self.name()} {self.value()}")
        if self._seldom():
            clauses.append(f"SET {self.name()} = {self.value()}")
        return " ".join(clauses)

    def _set(self, name: str) -> str:
        kind, to = self._chance.random(), self.name("id" if self._seldom() else name)
        if kind < 0.6:
            return f"{to} = {self.value(name)}"
        if kind < 0.75:
            return f"{to} = if_not_exists({self.name()}, {self.value(name)})"
        if kind < 0.92:
            sign = self._chance.choice("+-")
            return f"{to} = {self.name('run' if kind < 0.85 else '')} {sign} {self.value('due')}"
        return self._chance.choice(
            [
                f"{to} = {self.name()}",
                f"{to}.q = {self.value()}",
                f"{to} = list_append({self.name()}, {self.value()})",
            ]
        )

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add the names and values to a request, now and then one too many or too few."""
        if self._seldom():
            self._names["#unused"] = "u"
        if self._seldom():
            self._values[":unused"] = {"N": "1"}
        for given in (self._names, self._values):
            if self._seldom() and given:
                given.pop(next(iter(given)))
        if self._names or self._seldom():
            body["ExpressionAttributeNames"] = self._names
        if self._values or self._seldom():
            body["ExpressionAttributeValues"] = self._values
        if self._chance.random() < 0.6:
            body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return body
