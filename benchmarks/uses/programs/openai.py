# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "openai==3.57.0",
# ]
# ///
"""Builds a client and a tool's schema."""

import openai, pydantic
class A(pydantic.BaseModel): x: int
print(openai.pydantic_function_tool(A)["function"]["name"], openai.OpenAI(api_key="a").base_url)
