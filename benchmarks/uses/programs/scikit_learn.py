# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "scikit-learn==1.9.1",
# ]
# ///
"""Classifies its iris data."""

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
x, y = load_iris(return_X_y=True)
print(round(LogisticRegression(max_iter=500).fit(x, y).score(x, y), 2))
