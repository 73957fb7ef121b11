"""Validates YAML files against a JSON Schema: one line a file: `valid`, `invalid` or
`unreadable`, the path, and why.

Scalars are read as their text, as the loader reads them. Usage: validate.py SCHEMA FILE…
"""

import json
import sys

import jsonschema
import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for path in sys.argv[2:]:
    try:
        with open(path, encoding="utf-8") as file:
            document = yaml.load(file, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        print(f"unreadable\t{path}\t{type(error).__name__}")
        continue
    error = next(iter(validator.iter_errors(document)), None)
    if error is None:
        print(f"valid\t{path}\t")
    else:
        place = "/".join(str(part) for part in error.absolute_path)
        print(f"invalid\t{path}\t{place}: {error.validator}")
