"""Bounds for how often pairs are taken, by the walk of `assignment.walk`, step by step in the open."""

import math


class PlainWalk:
    """Who is gone does not exist. Families are ("family", f), individuals ("individual", i)."""

    def __init__(self, packing, weights, budget):
        self.least = [math.exp(min(one, 600.0)) for one in weights.least]
        self.most = [math.exp(min(one, 600.0)) for one in weights.most]
        self.cut = {("individual", i): float(one) for i, one in enumerate(weights.cut_of_individuals)}
        self.untouched, self.needs, self.placed = [], [], []
        for o in range(len(packing)):
            placed = packing.placed(o)
            self.placed.append(placed)
            self.needs.append(
                (("family", int(packing.family_of_option[o])), *(("individual", i) for _, i in packing.placed(o)))
            )
            self.untouched.append(math.prod(1 / (1 + float(weights.cut_of_missing[m])) for m in {m for m, _ in placed}))
        self.options = {}
        for o, these in enumerate(self.needs):
            for one in these:
                self.options.setdefault(one, []).append(o)
        self.budget = budget
        self.gone = set()

    def of_pair(self, i, m, depth):
        """The better of what the individual and the family say."""
        family = next(these[0] for these, placed in zip(self.needs, self.placed, strict=True) if (m, i) in placed)
        ends = []
        for root in (family, ("individual", i)):
            inside, outside = [0.0, 0.0], [1.0, 1.0 + self.cut.get(root, 0.0)]
            for o, low, high in self.terms(root, depth):
                total = inside if (m, i) in self.placed[o] else outside
                total[0] += low
                total[1] += high
            ends.append((inside[0] / (inside[0] + outside[1]), inside[1] / (inside[1] + outside[0])))
        return max(low for low, _ in ends), min(high for _, high in ends)

    def of_nobody(self, i, depth):
        terms = list(self.terms(("individual", i), depth))
        cut = self.cut["individual", i]
        return 1 / (1 + sum(high for _, _, high in terms)), (1 + cut) / (1 + cut + sum(low for _, low, _ in terms))

    def terms(self, root, depth):
        return self._terms(root, depth, self.budget)

    def _terms(self, one, depth, budget):
        """The options that are possible, with the ends of their terms."""
        found = []
        self.gone.add(one)
        possible = [o for o in self.options.get(one, []) if self.gone.isdisjoint(set(self.needs[o]) - {one})]
        share = sum(min(self.most[o], 1.0) for o in possible)
        for o in possible:
            own = (budget - 1.0) * min(self.most[o], 1.0) / share
            low, high = self._others_free(o, one, depth - 1, own) if depth > 0 and own >= 1.0 else (0.0, 1.0)
            found.append((o, self.least[o] * low, self.most[o] * high))
        self.gone.discard(one)
        return found

    def _others_free(self, o, one, depth, budget):
        others = [other for other in self.needs[o] if other != one]
        low, high = self.untouched[o], 1.0
        for other in others:
            a, b = self._free(other, depth, budget / len(others))
            low, high = low * a, high * b
            self.gone.add(other)
        self.gone.difference_update(others)
        return low, high

    def _free(self, one, depth, budget):
        terms = self._terms(one, depth, budget)
        cut = self.cut.get(one, 0.0)
        return 1 / (1 + cut + sum(high for _, _, high in terms)), 1 / (1 + sum(low for _, low, _ in terms))
