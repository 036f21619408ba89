# Everything in the recycle bin, adopted: apply changes nothing in the cloud, destroy releases it all.
# Release cannot be undone.

terraform {
  required_providers {
    zenrelease = {
      source = "zenrelease/zenrelease"
    }
  }
}

# Credentials come from the environment (ZENLAYERCLOUD_ACCESS_KEY_ID and
# ZENLAYERCLOUD_ACCESS_KEY_PASSWORD) or from ~/.zenlayer/credentials.json.
provider "zenrelease" {}

data "zenrelease_instances" "bin" {
  product = "vm"
}

resource "zenrelease_instances" "bin" {
  product      = "vm"
  instance_ids = data.zenrelease_instances.bin.ids
}

output "adopted" {
  value = length(zenrelease_instances.bin.instance_ids)
}
