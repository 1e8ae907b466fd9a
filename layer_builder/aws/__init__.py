"""AWS: the only package that imports boto3, and that late: with the first region that is opened."""
