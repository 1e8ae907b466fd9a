# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pandas==3.1.1",
# ]
# ///
"""Groups, and reads CSV."""

import io, pandas as pd
df = pd.read_csv(io.StringIO("a,b\n1,2\n1,3\n2,5\n"))
print(df.groupby("a").b.sum().to_dict(), df.describe().loc["mean"].round(2).to_dict())
