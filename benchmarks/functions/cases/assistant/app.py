"""Asks a model through OpenAI's SDK; a transport of httpx2 stands for the service."""

import json

import httpx2
import openai
from pydantic import BaseModel


class Contract(BaseModel):
    parties: list[str]
    years: int


def answer(request: httpx2.Request) -> httpx2.Response:
    asked = json.loads(request.content)
    if asked["model"] == "none":
        return httpx2.Response(404, json={"error": {"message": "no such model", "type": "x", "param": None, "code": "y"}})
    content = json.dumps({"parties": ["Anvil", "Bellows"], "years": len(asked["messages"])})
    return httpx2.Response(200, json={"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}})


client = openai.OpenAI(api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(answer)), max_retries=0)


def handler(event, context):
    messages = [{"role": "user", "content": text} for text in event["texts"]]
    try:
        found = client.chat.completions.parse(model=event["model"], messages=messages, response_format=Contract)
    except openai.NotFoundError as error:
        return {"error": error.status_code, "text": str(error)}
    return {"contract": found.choices[0].message.parsed.model_dump(), "tokens": found.usage.total_tokens}
