# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "sympy==1.14.0",
# ]
# ///
"""Solves and integrates."""

import sympy
x = sympy.Symbol("x"); print(sympy.solve(x**2 - 2), sympy.integrate(x * sympy.sin(x)), sympy.sympify("2*x").latex if False else sympy.latex(x / 2))
