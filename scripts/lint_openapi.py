#!/usr/bin/python3
"""Checks the API's description, schema/crp-v1.openapi.yaml: well-formed OpenAPI 3.1, complete, and
every example fits its schema. Prints each fault; exit 1 on any, 2 when the check cannot be made.

Usage: scripts/lint_openapi.py [DESCRIPTION.yaml]
"""
import pathlib
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"lint_openapi: install python3-yaml and python3-jsonschema ({missing})", file=sys.stderr)
    sys.exit(2)

METHODS = {"get", "put", "post", "delete"}
ROLES = ["ndes", "mdm", "admin", "monitor"]


class StrictLoader(yaml.SafeLoader):
    """Refuses repeated keys; leaves times as text."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"line {node.start_mark.line + 1}: {key!r} stands twice")
        return super().construct_mapping(node, deep)


StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Lint:
    def __init__(self, document):
        self.document = document
        self.faults = []
        self.used = set()

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def at(self, reference):
        """What a local reference leads to, or None."""
        node = self.document
        for step in reference.removeprefix("#/").split("/"):
            node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
        return node

    def resolved(self, node):
        return self.at(node["$ref"]) or {} if isinstance(node, dict) and "$ref" in node else node

    def check_references(self, node, where):
        if isinstance(node, list):
            for index, item in enumerate(node):
                self.check_references(item, f"{where}/{index}")
        if not isinstance(node, dict):
            return
        reference = node.get("$ref")
        if isinstance(reference, str):
            self.used.add(reference)
            if not reference.startswith("#/") or self.at(reference) is None:
                self.fault(where, f"{reference} leads nowhere")
        for key, item in node.items():
            self.check_references(item, f"{where}/{key}")

    def check_unused(self):
        for kind in self.document.get("components", {}):
            for name in self.document["components"][kind]:
                reference = f"#/components/{kind}/{name}"
                if reference not in self.used and kind != "securitySchemes":
                    self.fault(reference, "is used nowhere")

    def check_schema(self, schema, where):
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            self.fault(where, f"no JSON Schema: {error.message}")
            return
        validator = jsonschema.Draft202012Validator(
            schema, resolver=jsonschema.RefResolver("", self.document)
        )
        for example in schema.get("examples", []):
            for error in validator.iter_errors(example):
                self.fault(where, f"an example does not fit: {error.json_path} {error.message}")

    def check_schemas(self):
        for name, schema in self.document["components"]["schemas"].items():
            where = f"#/components/schemas/{name}"
            self.check_schema(schema, where)
            if schema.get("type") == "object" and "additionalProperties" not in schema:
                self.fault(where, "an object without additionalProperties")
            for property_name in schema.get("required", []):
                if "properties" in schema and property_name not in schema["properties"]:
                    self.fault(where, f"requires {property_name}, which it does not describe")

    def check_parameters(self, path, operation, where):
        parameters = [self.resolved(one) for one in operation.get("parameters", [])]
        in_path = {one.get("name") for one in parameters if one.get("in") == "path"}
        if in_path != set(re.findall(r"{(\w+)}", path)):
            self.fault(where, "its path parameters are not those of the path")
        for one in parameters:
            if "schema" not in one or "in" not in one:
                self.fault(where, f"parameter {one.get('name')} has no schema or place")
            else:
                self.check_schema(one["schema"], f"{where} {one['name']}")
            if one.get("in") == "path" and one.get("required") is not True:
                self.fault(where, f"parameter {one.get('name')} has to be required")

    def check_answers(self, operation, where):
        answers = operation.get("responses", {})
        if "default" not in answers:
            self.fault(where, "has no default answer (problems)")
        for status, answer in answers.items():
            answer = self.resolved(answer)
            if status != "default" and not re.fullmatch(r"[2-5]\d\d", str(status)):
                self.fault(where, f"{status} is no status")
            if not answer.get("description"):
                self.fault(where, f"answer {status} has no description")
            has_body = "content" in answer
            if has_body == (str(status) in ("204", "304")):
                if str(status) != "403":  # told by `default`
                    self.fault(where, f"answer {status}: 204 and 304 alone are without body")
            for kind, content in answer.get("content", {}).items():
                self.check_schema(content.get("schema", {}), f"{where} {status} {kind}")

    def check_body(self, method, operation, where):
        body = operation.get("requestBody")
        if (body is not None) != (method in ("put", "post")):
            self.fault(where, "PUT and POST have a body, the others none")
        if body is None:
            return
        schema = next(iter(body["content"].values()))["schema"]
        first = schema["oneOf"][0] if "oneOf" in schema else schema
        if not self.resolved(first).get("examples"):
            self.fault(where, "its body has no example")

    def check_operations(self):
        names = []
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                where = f"{method.upper()} {path}"
                if method not in METHODS:
                    self.fault(where, "is not a method of this API")
                    continue
                names.append(operation.get("operationId"))
                if not operation.get("operationId") or not operation.get("summary"):
                    self.fault(where, "needs operationId and summary")
                roles = operation.get("x-roles", [])
                if not roles or roles != [role for role in ROLES if role in roles]:
                    self.fault(where, f"x-roles: some of {ROLES}, in this order")
                self.check_parameters(path, operation, where)
                self.check_answers(operation, where)
                self.check_body(method, operation, where)
        for name in names:
            if names.count(name) > 1:
                self.fault(name, "names two operations")

    def run(self):
        if not str(self.document.get("openapi", "")).startswith("3.1."):
            self.fault("openapi", "has to be 3.1")
        self.check_references(self.document, "#")
        self.check_unused()
        self.check_schemas()
        self.check_operations()
        return self.faults


def main():
    default = pathlib.Path(__file__).parent.parent / "schema" / "crp-v1.openapi.yaml"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), StrictLoader)
    except (OSError, yaml.YAMLError) as error:
        print(f"lint_openapi: {path}: {error}", file=sys.stderr)
        return 1
    faults = Lint(document).run()
    for fault in faults:
        print(f"lint_openapi: {fault}", file=sys.stderr)
    if not faults:
        print("lint_openapi: ok")
    return 1 if faults else 0


sys.exit(main())
