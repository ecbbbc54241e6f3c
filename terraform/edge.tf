# A load balancer with Cloud Armor before the gateway: opt-in.

locals {
  edge = var.load_balancer[*]

  # A rule takes ten ranges at most.
  allowed_ranges = try(local.edge[0].allowed_ranges, [])
  let_in         = length(local.allowed_ranges) > 0 ? chunklist(local.allowed_ranges, 10) : [["*"]]

  # OWASP's rules. Statements and commands are what agents send by trade, so those that look for them in requests are only ever tried
  # (they tell in the log, and turn nothing away); the others are enforced where that is asked for.
  waf_rules = try(local.edge[0].waf, "off") == "off" ? {} : {
    scannerdetection = { priority = 20, preview = local.edge[0].waf != "enforce" }
    protocolattack   = { priority = 21, preview = local.edge[0].waf != "enforce" }
    sessionfixation  = { priority = 22, preview = local.edge[0].waf != "enforce" }
    sqli             = { priority = 30, preview = true }
    xss              = { priority = 31, preview = true }
    lfi              = { priority = 32, preview = true }
    rfi              = { priority = 33, preview = true }
    rce              = { priority = 34, preview = true }
  }
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

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable          = true
      rule_visibility = "STANDARD"
    }
  }

  # Never VERBOSE: its log holds what of a request matched, which is what an agent sent.
  advanced_options_config {
    json_parsing = "STANDARD"
    log_level    = "NORMAL"
  }

  # CVE-2021-44228, for whatever reads the logs behind it.
  rule {
    action      = "deny(403)"
    priority    = 10
    description = "Lookups of Log4j."
    match {
      expr {
        expression = "evaluatePreconfiguredWaf('cve-canary')"
      }
    }
  }

  dynamic "rule" {
    for_each = local.waf_rules
    content {
      action      = "deny(403)"
      priority    = rule.value.priority
      preview     = rule.value.preview
      description = "OWASP: ${rule.key}."
      match {
        expr {
          expression = "evaluatePreconfiguredWaf('${rule.key}-v33-stable', {'sensitivity': 1})"
        }
      }
    }
  }

  # Google's uptime checks come from anywhere.
  rule {
    action      = "throttle"
    priority    = 900
    description = "Anybody may ask whether it is ready."
    match {
      expr {
        expression = "request.path == '${local.ready_path}'"
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = 60
        interval_sec = 60
      }
    }
  }

  dynamic "rule" {
    for_each = local.let_in
    content {
      action      = "throttle"
      priority    = 1000 + rule.key
      description = "So many requests a minute from one address."
      match {
        versioned_expr = "SRC_IPS_V1"
        config {
          src_ip_ranges = rule.value
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
  }

  rule {
    action      = "deny(403)"
    priority    = 2147483647
    description = "Whom the rules above do not let in."
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }

  depends_on = [google_project_service.used]
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

# A certificate cannot be changed: of another domain another one is made, and the old one goes once nothing uses it.
resource "google_compute_managed_ssl_certificate" "gateway" {
  count = length(local.edge)

  project = var.project_id
  name    = "${var.name}-gateway-${substr(sha256(local.edge[0].domain), 0, 8)}"

  managed {
    domains = [local.edge[0].domain]
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [google_project_service.used]
}

resource "google_compute_ssl_policy" "modern" {
  count = length(local.edge)

  project         = var.project_id
  name            = "${var.name}-modern"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"

  depends_on = [google_project_service.used]
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

  depends_on = [google_project_service.used]
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

# Nothing listens on port 80 unless that is asked for: an agent that sends its token in the clear should fail, not be led on.
locals {
  redirected = try(local.edge[0].redirect_http, false) ? local.edge : []
}

resource "google_compute_url_map" "redirect" {
  count = length(local.redirected)

  project = var.project_id
  name    = "${var.name}-redirect"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = true
  }

  depends_on = [google_project_service.used]
}

resource "google_compute_target_http_proxy" "redirect" {
  count = length(local.redirected)

  project = var.project_id
  name    = "${var.name}-redirect"
  url_map = google_compute_url_map.redirect[0].id
}

resource "google_compute_global_forwarding_rule" "redirect" {
  count = length(local.redirected)

  project               = var.project_id
  name                  = "${var.name}-redirect"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.gateway[0].id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect[0].id
}
