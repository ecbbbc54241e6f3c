# Three Cloud Run services of one image, each with a service account of its own.

locals {
  # Issuers as the product reads them: what is not said is not there.
  issuers = [
    for issuer in var.issuers : merge(concat(
      [{ for key, value in issuer : key => value if value != null && key != "claims" }],
      [for claims in issuer.claims[*] : { claims = { for key, value in claims : key => value if value != null } }],
    )...)
  ]

  environment = {
    GOOGLE_CLOUD_PROJECT        = var.project_id
    SALLYPORT_POLICY_DATABASE   = local.databases.policy
    SALLYPORT_RUNTIME_DATABASE  = local.databases.runtime
    SALLYPORT_AUDIT_DATASET     = var.audit.dataset
    SALLYPORT_EVIDENCE_DATASET  = var.audit.evidence_dataset
    SALLYPORT_APPROVAL_KEY      = local.key_versions.approvals
    SALLYPORT_CHECKPOINT_KEY    = local.key_versions.checkpoints
    SALLYPORT_SEAL_KEY          = local.seal_key_name
    SALLYPORT_CONSOLE_URL       = local.console_url
    SALLYPORT_SCHEDULER         = local.members.scheduler
    SALLYPORT_ADMINS            = var.console.admins
    SALLYPORT_AUDITORS          = var.console.auditors
    SALLYPORT_IAP_AUDIENCE      = coalesce(var.console.iap_audience, "/projects/${data.google_project.this.number}/locations/${var.region}/services/${var.name}-console")
    SALLYPORT_RETENTION         = jsonencode({ for table, days in var.audit.retention_days : table => days if days != null })
    SALLYPORT_LEGAL_HOLD        = tostring(var.audit.legal_hold)
    SALLYPORT_CHECKPOINT_BUCKET = try(var.audit.checkpoint_bucket.name, null)
    SALLYPORT_CALLS_PER_MINUTE  = tostring(var.gateway.calls_per_minute)
    SALLYPORT_CALLS_AT_ONCE     = tostring(var.gateway.calls_at_once)
    SALLYPORT_OPEN_AT_ONCE      = tostring(var.gateway.open_at_once)
    SALLYPORT_RECORDING_LIMIT   = tostring(var.gateway.recording_limit)
    SALLYPORT_SESSION_LIMIT     = tostring(var.gateway.session_limit)
    SALLYPORT_IMAGE_DIGEST      = split("@", var.image)[1]
  }

  # Cloud Run's own addresses are known before there is a service.
  own_url      = { for service in ["gateway", "console", "keeper"] : service => "https://${var.name}-${service}-${data.google_project.this.number}.${var.region}.run.app" }
  console_url  = coalesce(var.console.url, local.own_url.console)
  gateway_url  = var.load_balancer == null ? local.own_url.gateway : "https://${var.load_balancer.domain}"
  gateway_host = trimprefix(local.gateway_url, "https://")

  # The scheduler's tokens are for this audience alone, and no other token is for it.
  keeper_audience = "https://${var.name}-keeper.${var.project_id}.internal"

  # How much memory Cloud Run gives for so many vCPUs, in MiB.
  memory_of_cpus = {
    "1" = { least = 512, most = 4096 }
    "2" = { least = 512, most = 8192 }
    "4" = { least = 2048, most = 16384 }
    "6" = { least = 4096, most = 24576 }
    "8" = { least = 4096, most = 32768 }
  }

  services = {
    gateway = {
      cpu         = var.gateway.cpu, memory = var.gateway.memory, min = var.gateway.min_instances, max = var.gateway.max_instances,
      concurrency = var.gateway.concurrency, ingress = var.gateway.ingress, audiences = var.gateway.custom_audiences,
      # A session lasts as long as a request may.
      timeout = "3600s", open = var.gateway.public_invocation, iap = false, issuers = local.issuers
    }
    console = {
      cpu         = var.console.cpu, memory = var.console.memory, min = var.console.min_instances, max = var.console.max_instances,
      concurrency = 80, ingress = var.console.ingress, audiences = [], timeout = "300s", open = false, iap = true, issuers = local.issuers
    }
    keeper = {
      cpu         = var.keeper.cpu, memory = var.keeper.memory, min = var.keeper.min_instances, max = var.keeper.max_instances,
      concurrency = 8, ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY", audiences = [], timeout = "300s", open = true, iap = false,
      issuers     = [{ preset = "google", audience = [local.keeper_audience] }]
    }
  }
}

resource "google_cloud_run_v2_service" "service" {
  for_each = local.services

  project             = var.project_id
  location            = var.region
  name                = "${var.name}-${each.key}"
  description         = google_service_account.role[each.key].description
  labels              = local.labels
  ingress             = each.value.ingress
  custom_audiences    = each.value.audiences
  deletion_protection = var.deletion_protection
  iap_enabled         = each.value.iap

  # Agents bring tokens of their own issuers, which the gateway checks itself: Cloud Run would know none of them, and takes the signature
  # off those that it knows. So it does with the scheduler's, which the keeper checks: only that one identity may call it.
  invoker_iam_disabled = each.value.open

  # Images that no release vouches for are told of, or refused.
  dynamic "binary_authorization" {
    for_each = var.build[*]
    content {
      use_default = true
    }
  }

  scaling {
    min_instance_count = each.value.min
  }

  template {
    service_account                  = local.emails[each.key]
    timeout                          = each.value.timeout
    max_instance_request_concurrency = each.value.concurrency
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    encryption_key                   = local.encryption_key
    labels                           = local.labels

    scaling {
      min_instance_count = each.value.min
      max_instance_count = each.value.max
    }

    dynamic "vpc_access" {
      for_each = local.networks[each.key][*]
      content {
        egress = vpc_access.value.egress
        network_interfaces {
          network    = vpc_access.value.network
          subnetwork = vpc_access.value.subnetwork
          tags       = vpc_access.value.tags
        }
      }
    }

    containers {
      image = var.image
      args  = [each.key]

      # CPU also between requests: the trail is shipped, documents are listened to, and checkpoints are signed then.
      resources {
        cpu_idle          = false
        startup_cpu_boost = true
        limits            = { cpu = each.value.cpu, memory = each.value.memory }
      }

      ports {
        container_port = 8080
      }

      dynamic "env" {
        for_each = { for name, value in merge(local.environment, { SALLYPORT_ISSUERS = jsonencode(each.value.issuers) }) : name => value if value != null }
        content {
          name  = env.key
          value = env.value
        }
      }

      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 110
        http_get {
          path = "/readyz"
        }
      }

      liveness_probe {
        period_seconds    = 15
        timeout_seconds   = 5
        failure_threshold = 4
        http_get {
          path = "/healthz"
        }
      }
    }
  }

  # What is said here is what runs: an apply puts all traffic on the revision that it describes. Releases by Cloud Build are ahead of it
  # until `image` is set to what they rolled out.
  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  lifecycle {
    ignore_changes = [client, client_version, template[0].revision]

    precondition {
      condition     = var.load_balancer == null || each.key != "gateway" || each.value.ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
      error_message = "With a load balancer the gateway's ingress must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER: else there is a way around it."
    }
  }

  depends_on = [
    google_bigquery_routine.question,
    google_bigquery_table.trail,
    google_firestore_index.runtime,
    google_project_iam_member.database,
    google_secret_manager_secret_iam_member.seal,
  ]
}

# Who may call. The gateway's own check of tokens stands behind this one, or in its place.
resource "google_cloud_run_v2_service_iam_member" "gateway" {
  for_each = toset(var.gateway.public_invocation ? [] : var.gateway.invokers)

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.service["gateway"].name
  role     = "roles/run.invoker"
  member   = each.value
}

# Humans pass IAP, which then calls the console itself.
resource "google_cloud_run_v2_service_iam_member" "console" {
  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.service["console"].name
  role     = "roles/run.invoker"
  member   = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_iap_web_cloud_run_service_iam_member" "console" {
  for_each = toset(var.console.members)

  project                = var.project_id
  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.service["console"].name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value
}

# The keeper works by itself while it runs; these calls make sure of it.
resource "google_cloud_scheduler_job" "keeper" {
  for_each = {
    sweep      = "* * * * *"
    ship       = "* * * * *"
    checkpoint = "* * * * *"
  }

  project          = var.project_id
  region           = var.region
  name             = "${var.name}-${each.key}"
  description      = "Sallyport's keeper: ${each.key}."
  schedule         = each.value
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  http_target {
    http_method = "POST"
    uri         = "${local.own_url.keeper}/tasks/${each.key}"

    oidc_token {
      service_account_email = local.emails.scheduler
      audience              = local.keeper_audience
    }
  }

  retry_config {
    retry_count = 1
  }

  depends_on = [google_cloud_run_v2_service.service]
}
