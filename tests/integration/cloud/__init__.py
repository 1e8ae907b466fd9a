"""AWS as it is on a bad day: emulators of it, and a proxy before them that fails as AWS fails.

Nothing here knows the program; it sees HTTP and processes.
"""
