#!/usr/bin/env python3
"""Usage: openapi_to_cpp.py DESCRIPTION.yaml OUT.cpp OUT.json

Writes the API's description as JSON, and a C++ file that holds both texts."""
import json
import sys

import yaml


class TextLoader(yaml.SafeLoader):
    """Leaves times as the text they are in JSON."""


TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def literal(text):
    """A C++ literal; in pieces, since compilers limit the length of one."""
    pieces = [text[at : at + 8000] for at in range(0, len(text), 8000)]
    return "\n".join(f'R"_api_({piece})_api_"' for piece in pieces)


def main():
    source, cpp_file, json_file = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    as_json = json.dumps(yaml.load(text, TextLoader), indent=2, ensure_ascii=False) + "\n"
    with open(json_file, "w", encoding="utf-8") as file:
        file.write(as_json)
    with open(cpp_file, "w", encoding="utf-8") as file:
        file.write(
            '#include "crp-service/http/openapi_text.h"\n\n'
            "namespace ndes::crp {\n\n"
            f"std::string_view openapi_yaml() {{\n    return {literal(text)};\n}}\n\n"
            f"std::string_view openapi_json() {{\n    return {literal(as_json)};\n}}\n\n"
            "}  // namespace ndes::crp\n"
        )


main()
