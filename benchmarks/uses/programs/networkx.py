# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "networkx==3.7",
# ]
# ///
"""Finds a path."""

import networkx as nx
print(nx.shortest_path(nx.path_graph(4), 0, 3), round(nx.average_clustering(nx.karate_club_graph()), 3))
