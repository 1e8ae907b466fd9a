# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "langchain-core==1.8.3",
# ]
# ///
"""Fills a prompt and parses."""

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.output_parsers import JsonOutputParser
print(ChatPromptTemplate.from_template("a {b}").invoke({"b": 1}).messages[0].content, JsonOutputParser().parse('{"a": 1}'))
