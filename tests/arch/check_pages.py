"""Pages and tables that come from one list agree with it."""

import os
import re

import cases_page
import diagnostics_page
import tree

problems = []


def numbers(path, pattern):
    """name -> number of an enum whose members match; implicit numbers count up."""
    found = {}
    for name, value in re.findall(pattern, tree.text(path), re.M):
        found[name] = int(value) if value else len(found)
    return found


# One vocabulary of outcomes: the protocol, the model, the page.
proto = numbers("proto/zenrelease/v1/release.proto", r"\bOUTCOME_(\w+) = (\d+);")
model = numbers("plugin/model/outcome.h", r"^  ZR_OUTCOME_(\w+)(),")
model["UNSPECIFIED"] = model.pop("NONE")
if proto != model:
    problems.append(f"outcomes differ: protocol {proto}, model {model}")
severity = numbers("proto/zenrelease/v1/release.proto", r"\bSEVERITY_(\w+) = (\d+);")
listed = re.search(r"enum zr_severity \{(.*?)\}", tree.text("plugin/model/diagnostic.h"), re.S)
names = re.findall(r"ZR_SEVERITY_(\w+)", listed.group(1))
if list(severity) != ["UNSPECIFIED"] + names[1:]:
    problems.append(f"severities differ: protocol {list(severity)}, model {names}")
products = numbers("proto/zenrelease/v1/release.proto", r"\bPRODUCT_(\w+) = (\d+);")
listed = re.search(r"enum zr_product \{(.*?)\}", tree.text("plugin/model/product.h"), re.S)
names = re.findall(r"ZR_PRODUCT_(\w+)", listed.group(1))
if list(products)[1:] != names[1:-1]:
    problems.append(f"products differ: protocol {list(products)}, model {names}")

# The generated pages are fresh.
problems += cases_page.problems()
for module in (diagnostics_page, cases_page):
    if not os.path.exists(os.path.join(tree.ROOT, module.PAGE)):
        problems.append(f"{module.PAGE} is missing: tests/arch/{module.__name__}.py --write")
    elif tree.text(module.PAGE) != module.page():
        problems.append(f"{module.PAGE} is stale: tests/arch/{module.__name__}.py --write")

# The page on outcomes names each of them.
if not os.path.exists(os.path.join(tree.ROOT, "docs/outcomes.md")):
    problems.append("docs/outcomes.md is missing")
else:
    body = tree.text("docs/outcomes.md")
    for name in list(proto)[1:]:
        if not re.search(rf"\b(OUTCOME_)?{name}\b|`{name.lower()}`", body):
            problems.append(f"docs/outcomes.md does not name {name}")

# Links between pages lead somewhere.
looked_at = 0
for path in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + tree.sources("docs", endings=(".md",)):
    if not os.path.exists(os.path.join(tree.ROOT, path)):
        problems.append(f"{path} is missing")
        continue
    looked_at += 1
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", tree.text(path)):
        if "://" in target:
            continue
        if not os.path.exists(os.path.join(tree.ROOT, os.path.dirname(path), target)):
            problems.append(f"{path}: the link to {target} leads nowhere")
# The tests that the page on security points to are there.
page = "docs/security.md"
for name, place, case in re.findall(r"`(test_\w+)(?: (\w+))?(?:\.(\w+))?`", tree.text(page)):
    path = f"tests/e2e/{name}.py"
    text = tree.text(path) if os.path.exists(os.path.join(tree.ROOT, path)) else ""
    if not text or (place and f"class {place}(" not in text) or (case and f"def {case}(" not in text):
        problems.append(f"{page}: there is no {name} {place} {case}")
for name in re.findall(r"`unit\.(\w+)`", tree.text(page)):
    room, _, rest = name.partition("_")
    if not os.path.exists(os.path.join(tree.ROOT, f"tests/unit/{room}/test_{rest}.c")):
        problems.append(f"{page}: there is no unit.{name}")

tree.end("pages", problems, looked_at)
