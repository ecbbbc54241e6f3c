# A load balancer with Cloud Armor before the gateway: opt-in.

locals {
  edge = var.load_balancer[*]
}

resource "google_compute_region_network_endpoint_group" "gateway" {
  count = length(local.edge)

  project               = var.project_id
  name                  = "${var.name}-gateway"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloud_run_v2_service.service["gateway"].name
  }
}

resource "google_compute_security_policy" "edge" {
  count = length(local.edge)

  project     = var.project_id
  name        = "${var.name}-edge"
  description = "Who may knock, and how often. Who may come in is decided behind it."
  type        = "CLOUD_ARMOR"

  dynamic "rule" {
    for_each = length(local.edge[0].allowed_ranges) > 0 ? [true] : []
    content {
      action      = "deny(403)"
      priority    = 100
      description = "Only from the ranges that are named."
      match {
        expr {
          expression = "!(${join(" || ", [for range in local.edge[0].allowed_ranges : "inIpRange(origin.ip, '${range}')"])})"
        }
      }
    }
  }

  rule {
    action      = "throttle"
    priority    = 1000
    description = "So many requests a minute from one address."
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = local.edge[0].requests_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "What the rules above let pass."
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_backend_service" "gateway" {
  count = length(local.edge)

  project               = var.project_id
  name                  = "${var.name}-gateway"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.edge[0].id

  backend {
    group = google_compute_region_network_endpoint_group.gateway[0].id
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_managed_ssl_certificate" "gateway" {
  count = length(local.edge)

  project = var.project_id
  name    = "${var.name}-gateway"

  managed {
    domains = [local.edge[0].domain]
  }
}

resource "google_compute_ssl_policy" "modern" {
  count = length(local.edge)

  project         = var.project_id
  name            = "${var.name}-modern"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_url_map" "gateway" {
  count = length(local.edge)

  project         = var.project_id
  name            = "${var.name}-gateway"
  default_service = google_compute_backend_service.gateway[0].id
}

resource "google_compute_target_https_proxy" "gateway" {
  count = length(local.edge)

  project          = var.project_id
  name             = "${var.name}-gateway"
  url_map          = google_compute_url_map.gateway[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.gateway[0].id]
  ssl_policy       = google_compute_ssl_policy.modern[0].id
}

resource "google_compute_global_address" "gateway" {
  count = length(local.edge)

  project = var.project_id
  name    = "${var.name}-gateway"
}

resource "google_compute_global_forwarding_rule" "gateway" {
  count = length(local.edge)

  project               = var.project_id
  name                  = "${var.name}-gateway"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.gateway[0].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.gateway[0].id
}
