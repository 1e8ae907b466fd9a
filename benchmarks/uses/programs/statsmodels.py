# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "statsmodels==0.15.0",
# ]
# ///
"""Fits its own example data."""

import statsmodels.api as sm
d = sm.datasets.longley.load_pandas(); print(round(sm.OLS(d.endog, sm.add_constant(d.exog)).fit().rsquared, 4))
