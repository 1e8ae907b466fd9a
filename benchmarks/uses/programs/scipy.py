# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "scipy==1.18.1",
# ]
# ///
"""Optimises and integrates."""

from scipy import optimize, integrate, stats
print(round(optimize.brentq(lambda x: x * x - 2, 0, 2), 6), round(integrate.quad(lambda x: x, 0, 1)[0], 6), round(float(stats.norm.cdf(0)), 3))
