"""Reads settings from YAML, and checks them with JSON Schema."""

import yaml
from jsonschema import Draft202012Validator, FormatChecker, SchemaError

TAGS = type("Loader", (yaml.SafeLoader,), {})
TAGS.add_constructor("!upper", lambda loader, node: loader.construct_scalar(node).upper())


def handler(event, context):
    try:
        settings = yaml.load(event["yaml"], Loader=TAGS)
    except yaml.YAMLError as error:
        return {"error": str(error), "line": error.problem_mark.line}
    schema = yaml.safe_load(event["schema"])
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return {"schema": error.message}
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    errors = sorted(checker.iter_errors(settings), key=lambda error: error.json_path)
    return {"errors": [[error.json_path, error.message] for error in errors],
            "yaml": yaml.safe_dump(settings, allow_unicode=True, sort_keys=True), "c": yaml.__with_libyaml__,
            "again": yaml.load(yaml.dump(settings, Dumper=yaml.CDumper), Loader=yaml.CSafeLoader) == settings}
