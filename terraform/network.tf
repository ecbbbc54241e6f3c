# How services reach targets: Direct VPC egress of all three, each with a network tag of its own, so that firewall rules can tell the
# gateway, which must reach targets, from the other two, which need not.

locals {
  networks = {
    for service in ["gateway", "console", "keeper"] : service => var.network == null ? null : {
      network    = var.network.network
      subnetwork = var.network.subnetwork
      egress     = var.network.egress
      tags       = concat(["${var.name}-${service}"], var.network.tags)
    }
  }

  # Jobs leave by the network, too: that of documents needs Google's services alone, the smoke test the gateway.
  job_networks = {
    for job in ["documents", "smoke"] : job => var.network == null ? null : {
      network    = var.network.network
      subnetwork = var.network.subnetwork
      egress     = var.network.egress
      tags       = concat(["${var.name}-${job}"], var.network.tags)
    }
  }

  # A Shared VPC's rules are made in its host project.
  network_project = var.network == null ? var.project_id : try(regex("projects/([^/]+)/", var.network.network)[0], var.project_id)
  private_ranges  = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
  reachable       = var.network == null ? {} : coalesce(var.network.targets, {})
}

# The gateway reaches the private addresses of its targets …
resource "google_compute_firewall" "targets" {
  for_each = local.reachable

  project            = local.network_project
  name               = "${var.name}-to-${each.key}"
  description        = "Sallyport's gateway reaches ${each.key}."
  network            = var.network.network
  direction          = "EGRESS"
  priority           = 900
  target_tags        = ["${var.name}-gateway"]
  destination_ranges = each.value.ranges

  allow {
    protocol = "tcp"
    ports    = each.value.ports
  }

  log_config {
    metadata = "EXCLUDE_ALL_METADATA"
  }
}

# … and no other private address; the console, the keeper and the job of documents none at all.
resource "google_compute_firewall" "nothing_else" {
  count = length(local.reachable) > 0 ? 1 : 0

  project            = local.network_project
  name               = "${var.name}-to-nothing-else"
  description        = "Sallyport reaches no private address that is not named."
  network            = var.network.network
  direction          = "EGRESS"
  priority           = 1000
  target_tags        = [for part in ["gateway", "console", "keeper", "documents"] : "${var.name}-${part}"]
  destination_ranges = local.private_ranges

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
