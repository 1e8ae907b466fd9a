# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "ansible-core==2.21.5",
# ]
# ///
"""Tests a variable with `is defined` in a template."""

from ansible.plugins.loader import init_plugin_loader, test_loader
init_plugin_loader([])
print(test_loader.get("defined") is not None, len(list(test_loader.all())) > 50)
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
print(Templar(loader=DataLoader(), variables={"a": 1}).template(trust_as_template("{{ 'x' if foo is not defined and 3 is gt(2) else 'y' }}")))
