#include "pages.h"

const struct page pages[] = {
    {"index.md", ZR_TF_PROVIDER, "zenrelease", "Provider: zenrelease",
     "terraform {\n"
     "  required_providers {\n"
     "    zenrelease = {\n"
     "      source = \"zenrelease/zenrelease\"\n"
     "    }\n"
     "  }\n"
     "}\n"
     "\n"
     "# Everything may come from the environment; see the arguments below.\n"
     "provider \"zenrelease\" {\n"
     "  product = \"vm\"\n"
     "}\n",
     "## Credentials\n\n"
     "One whole credential is taken from one source: the provider block, else `profile`, else\n"
     "`ZENLAYERCLOUD_ACCESS_KEY_ID` and `ZENLAYERCLOUD_ACCESS_KEY_PASSWORD`, else "
     "`ZENLAYER_TOKEN`, or\n"
     "`ZENLAYER_ACCESS_KEY_ID` and `ZENLAYER_ACCESS_KEY_SECRET`, else the profile file of the "
     "vendor's\n"
     "command line. Values in the block end up in plan files; the environment keeps them out.\n\n"
     "## Parallelism\n\n"
     "Resources that are released at the same time share calls of up to 100 instances. Terraform "
     "works "
     "on\nten resources at once; `-parallelism=100` fills the calls. One resource with a list of "
     "instances needs\nno such flag.\n",
     NULL},
    {"resources/instances.md", ZR_TF_RESOURCE, "zenrelease_instances",
     "zenrelease_instances (Resource)",
     "data \"zenrelease_instances\" \"bin\" {\n"
     "  product = \"vm\"\n"
     "  name    = \"staging-*\"\n"
     "}\n"
     "\n"
     "resource \"zenrelease_instances\" \"staging\" {\n"
     "  product      = \"vm\"\n"
     "  instance_ids = data.zenrelease_instances.bin.ids\n"
     "\n"
     "  timeouts {\n"
     "    delete = \"30m\"\n"
     "  }\n"
     "}\n",
     "* Creating it looks up every instance and changes nothing. If one of them is not in the "
     "recycle\n"
     "  bin, nothing is adopted.\n"
     "* An instance that could not be released stays in the state, with an error that says why; "
     "the next\n"
     "  apply or destroy tries exactly those again.\n"
     "* An instance that is gone is taken off the state by the next refresh, unless none of the\n"
     "  resource is found: then the state stays, with a warning that asks whether this is the "
     "right\n"
     "  account and endpoint. Where they really are gone, destroy the resource or take them off.\n"
     "* To move an instance to another resource, set `on_remove = \"keep\"`, apply, and then move "
     "it.\n"
     "* `-replace` releases the instances and then fails to adopt them; the plan warns of it.\n",
     "```shell\n"
     "terraform import zenrelease_instances.staging vm/1234567890123,1234567890124\n"
     "```\n\n"
     "From Terraform and OpenTofu 1.12 on also by identity:\n\n"
     "```terraform\n"
     "import {\n"
     "  to = zenrelease_instances.staging\n"
     "  identity = {\n"
     "    product      = \"vm\"\n"
     "    instance_ids = [\"1234567890123\", \"1234567890124\"]\n"
     "  }\n"
     "}\n"
     "```\n\n"
     "What is imported has `on_remove = \"keep\"` until the first apply, whose plan shows the "
     "change to what\n"
     "the configuration says: an import followed by a destroy releases nothing.\n"},
    {"resources/teardown.md", ZR_TF_RESOURCE, "zenrelease_teardown",
     "zenrelease_teardown (Resource)",
     "resource \"zenrelease_teardown\" \"old\" {\n"
     "  product      = \"vm\"\n"
     "  instance_ids = [\"1234567890123\", \"1234567890124\"]\n"
     "}\n"
     "\n"
     "output \"outcomes\" {\n"
     "  value = { for id, r in zenrelease_teardown.old.results : id => r.outcome }\n"
     "}\n",
     "* An instance that does not exist is what is wanted: a warning, no error.\n"
     "* Every read looks again; an instance that is there is listed in `pending_ids`, and the next "
     "apply\n"
     "  releases it.\n"
     "* When some instances cannot be released, the apply fails and what was done stays in the "
     "state.\n"
     "  Terraform marks a new resource as tainted then and replaces it in the next apply; that "
     "sends\n"
     "  nothing for instances that are gone, and reports those released before as `already_gone`.\n"
     "* Destroying the resource does nothing.\n",
     "```shell\n"
     "terraform import zenrelease_teardown.old vm/1234567890123,1234567890124\n"
     "```\n\n"
     "From Terraform and OpenTofu 1.12 on also by identity, with `product` and `instance_ids`. An "
     "import\n"
     "releases nothing; the next apply does, if an instance is there.\n"},
    {"data-sources/instances.md", ZR_TF_DATA_SOURCE, "zenrelease_instances",
     "zenrelease_instances (Data Source)",
     "data \"zenrelease_instances\" \"bin\" {\n"
     "  product = \"vm\"\n"
     "}\n"
     "\n"
     "output \"names\" {\n"
     "  value = data.zenrelease_instances.bin.instances[*].name\n"
     "}\n",
     "All pages are read. The filters are those of the API; instances must satisfy all of them.\n",
     NULL},
    {"list-resources/instances.md", ZR_TF_LIST_RESOURCE, "zenrelease_instances",
     "zenrelease_instances (List Resource)",
     "# bin.tfquery.hcl\n"
     "list \"zenrelease_instances\" \"bin\" {\n"
     "  provider = zenrelease\n"
     "\n"
     "  config {\n"
     "    product = \"vm\"\n"
     "    name    = \"staging-*\"\n"
     "  }\n"
     "}\n",
     "Terraform 1.14 and newer. `terraform query -generate-config-out=bin.tf` writes a resource "
     "and an\n"
     "`import` block for each instance found.\n",
     NULL},
    {"actions/release.md", ZR_TF_ACTION, "zenrelease_release", "zenrelease_release (Action)",
     "action \"zenrelease_release\" \"old\" {\n"
     "  config {\n"
     "    product      = \"vm\"\n"
     "    instance_ids = [\"1234567890123\", \"1234567890124\"]\n"
     "  }\n"
     "}\n",
     "Terraform 1.14 and newer. Invoke it with `terraform apply "
     "-invoke=action.zenrelease_release.old`, or\n"
     "from an `action_trigger` of a resource. Whether the instances are in the recycle bin is "
     "looked up\n"
     "when the action runs and not in the plan, because what triggers it may be what moves them "
     "there.\n",
     NULL},
};
const size_t page_count = sizeof pages / sizeof pages[0];
