# What somebody must hear of. Logs name what happened (`alert`, `kind`), and never what was in it.

locals {
  # Google takes /healthz and the like for itself before a request reaches Cloud Run.
  ready_path = "/ready"

  services_filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${var.name}-(gateway|console|keeper)$\""

  # By name: what of the logs is counted, how bad it is, and what to do.
  alerts = {
    unknown-outcome = {
      filter   = "jsonPayload.kind=\"unknown-outcome\"", severity = "ERROR"
      title    = "An operation's outcome is unknown"
      advice   = "An instance died while an operation ran, or its target did not say how it ended. It was not repeated. Look at the operation in the console, and at the target, before anybody runs it again."
      at_least = 0
    }
    break-glass = {
      filter   = "jsonPayload.kind=\"break-glass\"", severity = "WARNING"
      title    = "Break-glass was used"
      advice   = "Somebody ran an operation past its approval by an override. Review it in the console within a working day."
      at_least = 0
    }
    checkpoint-late = {
      filter   = "jsonPayload.kind=(\"checkpoint-late\" OR \"checkpoint-missing\") OR jsonPayload.alert=(\"checkpoint-late\" OR \"checkpoint-failing\")", severity = "CRITICAL"
      title    = "The trail is not being sealed"
      advice   = "The last signed checkpoint is older than two minutes: is the keeper running, may it sign with its key, can it write to BigQuery?"
      at_least = 0
    }
    retention-shortened = {
      filter   = "jsonPayload.alert=\"retention-shortened\"", severity = "CRITICAL"
      title    = "Rows of the trail would be deleted before their time"
      advice   = "Somebody shortened the expiration of the audit tables in BigQuery. Set it back (terraform apply), and look up who it was in the access logs."
      at_least = 0
    }
    approval-forged = {
      filter   = "jsonPayload.kind=(\"approval-forged\" OR \"approval-corrupt\")", severity = "CRITICAL"
      title    = "A stored approval is not what the console signed"
      advice   = "Somebody wrote to the runtime database past the console. It was refused. Look up who in the access logs, and rotate what they held."
      at_least = 0
    }
    host-key-changed = {
      filter   = "jsonPayload.kind=\"host-key-changed\"", severity = "CRITICAL"
      title    = "A host shows a key that is not pinned"
      advice   = "Nothing was sent to it. Was the host set up anew (then pin its new key in the connection), or does somebody stand in its place?"
      at_least = 0
    }
    row-refused = {
      filter   = "jsonPayload.kind=\"row-refused\"", severity = "ERROR"
      title    = "BigQuery refuses a row of the trail"
      advice   = "The row is kept in Firestore and tried again. Do the tables have today's schema (terraform apply)?"
      at_least = 0
    }
    strangers = {
      filter   = "jsonPayload.kind=\"refusal-burst\"", severity = "WARNING"
      title    = "Many callers that nobody knows"
      advice   = "Tokens that no issuer vouches for come in numbers: who can reach the gateway, and from where? Each is counted in the trail."
      at_least = 0
    }
    refusal-burst = {
      filter   = "jsonPayload.code=(\"denied\" OR \"unauthenticated\" OR \"approval-denied\" OR \"masking-unprovable\")", severity = "WARNING"
      title    = "Many refusals"
      advice   = "An agent tries what it may not, or a token or a policy went wrong. See failed_access in the evidence."
      at_least = var.monitoring.refusals_per_minute
    }
    fault = {
      filter   = "severity>=ERROR", severity = "WARNING"
      title    = "Faults in the logs"
      advice   = "Read the logs of the services: each fault says where it was."
      at_least = 5
    }
  }
}

check "somebody_hears_of_alerts" {
  assert {
    condition     = length(var.monitoring.emails) + length(var.monitoring.channels) > 0
    error_message = "Nobody hears of an alert: name monitoring.emails, or channels that are there already."
  }
}

resource "google_logging_metric" "alert" {
  for_each = local.alerts

  project     = var.project_id
  name        = "${var.name}/${each.key}"
  description = each.value.title
  filter      = "${local.services_filter} AND (${each.value.filter})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }

  depends_on = [google_project_service.used]
}

# How long the oldest event has waited to be in BigQuery.
resource "google_logging_metric" "audit_lag" {
  project         = var.project_id
  name            = "${var.name}/audit-lag"
  description     = "Seconds that the oldest event of the trail has waited to be in BigQuery."
  filter          = "${local.services_filter} AND jsonPayload.unshipped_seconds>=0"
  value_extractor = "EXTRACT(jsonPayload.unshipped_seconds)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 16
      growth_factor      = 2
      scale              = 1
    }
  }

  depends_on = [google_project_service.used]
}

# What the access logs of Google Cloud say of what stands around the product.
locals {
  data_access = "log_id(\"cloudaudit.googleapis.com/data_access\")"
  activity    = "log_id(\"cloudaudit.googleapis.com/activity\")"
  secret_read = "${local.data_access} AND protoPayload.serviceName=\"secretmanager.googleapis.com\" AND protoPayload.methodName=\"google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion\""

  watched = var.access_logs ? {
    secret-read-elsewhere = {
      filter   = "${local.secret_read} AND NOT protoPayload.authenticationInfo.principalEmail=(${join(" OR ", [for role in ["gateway", "console", "keeper"] : "\"${local.emails[role]}\""])})"
      severity = "CRITICAL"
      title    = "A secret was read by somebody else"
      advice   = "No operation stands behind this read. Who was it (Cloud Audit Logs), by which right? Take the right away and rotate the secret. Reads by the gateway for which the trail has no intent are in secret_use of the evidence."
    }
    key-of-account = {
      filter   = "${local.data_access} AND protoPayload.authenticationInfo.principalEmail=(${join(" OR ", [for email in values(local.emails) : "\"${email}\""])}) AND protoPayload.authenticationInfo.serviceAccountKeyName:\"keys\""
      severity = "CRITICAL"
      title    = "Somebody comes with a key of a service account of Sallyport"
      advice   = "This deployment has no such keys: Cloud Run gives tokens by itself. Who made it (CreateServiceAccountKey in the activity log)? Delete it, and treat what was read with it as lost."
    }
    trail-touched = {
      filter   = "${local.activity} AND ((protoPayload.serviceName=\"bigquery.googleapis.com\" AND protoPayload.resourceName:\"/datasets/${var.audit.dataset}\" AND protoPayload.methodName=~\"(Delete|Patch|Update|SetIamPolicy)\") OR (protoPayload.serviceName=\"firestore.googleapis.com\" AND protoPayload.methodName=~\"(DeleteDatabase|UpdateDatabase|RestoreDatabase|DeleteBackupSchedule)\"))"
      severity = "ERROR"
      title    = "Tables of the trail or databases were changed"
      advice   = "An apply of Terraform does this, and nobody else should: was there one? Else set it back (terraform apply), look up who it was, and verify the trail (sallyport verify)."
    }
    guard-changed = {
      filter   = "${local.activity} AND (protoPayload.methodName=~\"ConfigServiceV2.(UpdateSink|DeleteSink)\" OR protoPayload.methodName=~\"(DestroyCryptoKeyVersion|UpdateCryptoKeyVersion)\" OR protoPayload.methodName=~\"CreateServiceAccountKey\" OR (protoPayload.methodName=\"SetIamPolicy\" AND protoPayload.serviceData.policyDelta.auditConfigDeltas.action:*))"
      severity = "ERROR"
      title    = "What watches over Sallyport was changed"
      advice   = "A log sink, the access logs themselves, a signing key, or a key of a service account. An apply of Terraform may do the first two; find out who did it, and set it back."
    }
    rights-changed = {
      filter   = "${local.activity} AND ((protoPayload.serviceName=\"cloudresourcemanager.googleapis.com\" AND protoPayload.serviceData.policyDelta.bindingDeltas.action:*) OR protoPayload.methodName=~\"^google.iam.admin.v1.(Create|Update|Delete|Undelete)Role$\" OR protoPayload.methodName=\"google.iam.admin.v1.SetIAMPolicy\" OR protoPayload.methodName=\"storage.setIamPermissions\" OR (protoPayload.serviceName=(\"secretmanager.googleapis.com\" OR \"cloudkms.googleapis.com\" OR \"run.googleapis.com\" OR \"iap.googleapis.com\") AND protoPayload.methodName=~\"SetIamPolicy$\"))"
      severity = "ERROR"
      title    = "Rights were changed"
      advice   = "Somebody gave or took a right on the project, a bucket, a secret, a key, an account or a service, or changed a role: an apply of Terraform does this, and nobody else should. Else set it back (terraform apply), and ask sallyport doctor who may do what."
    }
    ways-changed = {
      filter   = "${local.activity} AND protoPayload.serviceName=\"compute.googleapis.com\" AND protoPayload.methodName=~\"compute.(firewalls|networkFirewallPolicies|routes|networks|subnetworks|securityPolicies|sslPolicies).(insert|patch|update|delete|addRule|patchRule|removeRule|removePeering|addPeering|updatePeering)$\""
      severity = "WARNING"
      title    = "The network or the load balancer was changed"
      advice   = "A firewall rule, a route, a network, or a policy of Cloud Armor or of TLS. An apply of Terraform may do it; else find out who did it, and set it back."
    }
  } : {}
}

resource "google_logging_metric" "watched" {
  for_each = local.watched

  project     = var.project_id
  name        = "${var.name}/${each.key}"
  description = each.value.title
  filter      = each.value.filter

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }

  depends_on = [google_project_service.used]
}

# Who hears of it.
resource "google_monitoring_notification_channel" "email" {
  for_each = var.monitoring.emails

  project      = var.project_id
  type         = "email"
  display_name = "Sallyport: ${each.value}"
  labels       = { email_address = each.value }
  user_labels  = local.labels

  depends_on = [google_project_service.used]
}

locals {
  channels = concat(var.monitoring.channels, [for channel in google_monitoring_notification_channel.email : channel.id])
}

resource "google_monitoring_alert_policy" "alert" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "Sallyport: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.alert[each.key].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.at_least
      duration        = "0s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.advice
  }
}

resource "google_monitoring_alert_policy" "audit_lag" {
  project               = var.project_id
  display_name          = "Sallyport: the trail lags behind"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "Events wait to be in BigQuery"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.audit_lag.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = var.monitoring.audit_lag_seconds
      duration        = "0s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_PERCENTILE_99"
        cross_series_reducer = "REDUCE_MAX"
      }
    }
  }

  conditions {
    display_name = "The keeper says nothing"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.audit_lag.name}\""
      duration = "600s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Events are safe in Firestore, and not yet in BigQuery. Can the services reach BigQuery, do the tables have today's schema, are quotas used up? See docs/durability.md."
  }
}

# Counted by log entries' own resources: those of the access logs have none that could be named here, so none is.
resource "google_monitoring_alert_policy" "watched" {
  for_each = local.watched

  project               = var.project_id
  display_name          = "Sallyport: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = each.value.title
    condition_matched_log {
      filter = google_logging_metric.watched[each.key].filter
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.advice
  }
}

# From outside, as agents come: 503 where policies are not fresh or the trail cannot be written.
resource "google_monitoring_uptime_check_config" "gateway" {
  count = var.gateway.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY" || !var.gateway.public_invocation ? 0 : 1

  project            = var.project_id
  display_name       = "Sallyport gateway"
  timeout            = "10s"
  period             = "60s"
  log_check_failures = true
  user_labels        = local.labels

  http_check {
    path         = local.ready_path
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project_id
      host       = local.gateway_host
    }
  }
}

# The console is behind IAP, which turns the check away: that it does, under the console's name and with a certificate that holds, is
# what is checked.
resource "google_monitoring_uptime_check_config" "console" {
  count = var.console.ingress == "INGRESS_TRAFFIC_ALL" ? 1 : 0

  project            = var.project_id
  display_name       = "Sallyport console"
  timeout            = "10s"
  period             = "300s"
  log_check_failures = true
  user_labels        = local.labels

  http_check {
    path         = "/"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_class = "STATUS_CLASS_2XX"
    }
    accepted_response_status_codes {
      status_class = "STATUS_CLASS_3XX"
    }
    accepted_response_status_codes {
      status_class = "STATUS_CLASS_4XX"
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project_id
      host       = trimprefix(local.console_url, "https://")
    }
  }
}

locals {
  checked = merge(
    { for check in google_monitoring_uptime_check_config.gateway : "gateway" => check.uptime_check_id },
    { for check in google_monitoring_uptime_check_config.console : "console" => check.uptime_check_id },
  )
}

resource "google_monitoring_alert_policy" "down" {
  for_each = local.checked

  project               = var.project_id
  display_name          = "Sallyport: the ${each.key} does not answer"
  combiner              = "OR"
  severity              = each.key == "gateway" ? "CRITICAL" : "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "Several places cannot reach it"
    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${each.value}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "60s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Look at the service's revisions and logs; the last release can be taken back by its traffic. A gateway that is not ready has no fresh policies (does the keeper run?) or cannot write to Firestore."
  }
}

# Answers of ours that are faults (5xx), of any of the three.
resource "google_monitoring_alert_policy" "failing" {
  project               = var.project_id
  display_name          = "Sallyport: a service fails"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "Answers with 5xx for five minutes"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${var.name}-(gateway|console|keeper)\") AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0.1
      duration        = "300s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "502 and 504 are targets that do not answer; 503 is the trail, the policies or a credential that cannot be had; 500 is a fault of ours. The logs say which."
  }

  depends_on = [google_project_service.used]
}

resource "google_monitoring_dashboard" "overview" {
  project = var.project_id

  dashboard_json = jsonencode({
    displayName = "Sallyport"
    mosaicLayout = {
      columns = 12
      tiles = [for at, tile in concat(
        [
          { title = "Calls a second, by answer", filter = "resource.type=\"cloud_run_revision\" resource.label.service_name=\"${var.name}-gateway\" metric.type=\"run.googleapis.com/request_count\"", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.response_code_class"] },
          { title = "Latency of calls, 99th percentile (ms)", filter = "resource.type=\"cloud_run_revision\" resource.label.service_name=\"${var.name}-gateway\" metric.type=\"run.googleapis.com/request_latencies\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
          { title = "Instances", filter = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/instance_count\"", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] },
          { title = "Memory, 99th percentile", filter = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/memory/utilizations\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] },
          { title = "Events waiting for BigQuery (s)", filter = "resource.type=\"cloud_run_revision\" metric.type=\"logging.googleapis.com/user/${google_logging_metric.audit_lag.name}\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
        ],
        [for name, watch in local.watched : { title = watch.title, filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.watched[name].name}\"", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] }],
        [for name, check in local.checked : { title = "Reached from outside: ${name}", filter = "resource.type=\"uptime_url\" metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" metric.label.check_id=\"${check}\"", aligner = "ALIGN_FRACTION_TRUE", reducer = "REDUCE_MEAN", by = [] }],
        [for name, alert in local.alerts : { title = alert.title, filter = "resource.type=\"cloud_run_revision\" metric.type=\"logging.googleapis.com/user/${google_logging_metric.alert[name].name}\"", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] }],
        # What is nought or empty Cloud Monitoring leaves out of what it gives back, and each plan would put it in again.
        ) : merge({ for key, value in { xPos = at % 2 * 6, yPos = floor(at / 2) * 4, width = 6, height = 4 } : key => value if value != 0 }, {
          widget = {
            title = tile.title
            xyChart = {
              dataSets = [{
                plotType   = "LINE"
                targetAxis = "Y1"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = tile.filter
                    aggregation = merge({ for key in ["groupByFields"] : key => tile.by if length(tile.by) > 0 }, {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = tile.aligner
                      crossSeriesReducer = tile.reducer
                    })
                  }
                }
              }]
            }
          }
      })]
    }
  })

  depends_on = [google_project_service.used]
}
