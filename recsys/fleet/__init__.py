"""Many listeners, many tracks, many machines: the recommender in units of work (`lemons.fleet`).

One trunk hears each track once (`recsys.fleet.embeddings`); a head is fitted to what it heard for each listener
(`recsys.fleet.heads`); a product of the two ranks all tracks for all listeners (`recsys.fleet.tops`).
"""
