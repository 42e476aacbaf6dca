"""The science: markers, frequencies, profiles, pedigrees, mutation, likelihood, simulation.

Nothing here knows names, files, the clock, the network or settings: all arrives as arguments. Start with
`likelihood.likelihood` and `hypotheses.likelihood_ratio`.
"""
