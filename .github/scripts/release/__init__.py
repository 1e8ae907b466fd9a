"""Makes a release of this repository: decides apart from GitHub, then asks it; standard library only."""
