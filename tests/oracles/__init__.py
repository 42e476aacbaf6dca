"""Slow oracles: the science of Antigone read a second time, by listing everything that can happen.

Nothing here knows the engine, and nothing here is clever: each module writes a formula down as it stands in the
literature and sums over every case. The engine is compared with these answers on random small families.

- `mutation`: the matrices of the mutation models.
- `observation`: P(what was read | true genotype).
- `pedigree`: likelihoods of families at one marker and at two linked markers.
- `search`: likelihood ratios of one individual against one family, chance coincidences, posteriors.
- `strategies`: random families, frequencies, mutation models and readings, for Hypothesis.

People are `Member(id, father, mother, sex)`; alleles are indices 0..A-1 into the frequency table.
"""
