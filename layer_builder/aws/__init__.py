"""AWS: the only package that imports boto3. Load its modules late."""
