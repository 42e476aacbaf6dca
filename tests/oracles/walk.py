"""Bounds for how often an option is taken, by the walk of `assignment.sampling`, step by step in the open."""

import math


class PlainWalk:
    """Who is gone does not exist. Families are ("family", f), individuals ("individual", i)."""

    def __init__(self, packing, log_weight, budget):
        self.weight = [math.exp(min(one, 600.0)) for one in log_weight]
        self.needs = [
            (("family", int(packing.family_of_option[o])), *(("individual", i) for _, i in packing.placed(o)))
            for o in range(len(packing))
        ]
        self.options = {}
        for o, these in enumerate(self.needs):
            for one in these:
                self.options.setdefault(one, []).append(o)
        self.budget, self.left = budget, 0
        self.gone = set()

    def of_option(self, o, depth):
        self.left = self.budget
        low, high = self._all_free(self.needs[o], depth)
        return self.weight[o] * low, min(1.0, self.weight[o] * high)

    def _all_free(self, these, depth):
        low, high = 1.0, 1.0
        for one in these:
            a, b = self._free(one, depth)
            low, high = low * a, high * b
            self.gone.add(one)
        self.gone.difference_update(these)
        return low, high

    def _free(self, one, depth):
        self.left -= 1
        shallow = depth <= 0 or self.left <= 0
        least, most = 1.0, 1.0
        self.gone.add(one)
        for o in self.options[one]:
            others = tuple(other for other in self.needs[o] if other != one)
            if not self.gone.isdisjoint(others):
                continue
            low, high = (0.0, 1.0) if shallow else self._all_free(others, depth - 1)
            least += self.weight[o] * low
            most += self.weight[o] * high
        self.gone.discard(one)
        return 1.0 / most, 1.0 / least
