"""How long 80 builds take when legs of a matrix share them: measured builds, simulated legs."""
