# Who reads secrets, databases and the trail, as Google Cloud itself writes it down: what reconciliation, secret_use and audit_access
# compare the trail with.

resource "google_project_iam_audit_config" "access" {
  for_each = var.access_logs ? toset(["secretmanager.googleapis.com", "bigquery.googleapis.com", "datastore.googleapis.com", "cloudkms.googleapis.com"]) : toset([])

  project = var.project_id
  service = each.value

  dynamic "audit_log_config" {
    # The trail's own appends and the documents' reads would be most of the log, and tell nothing.
    for_each = each.value == "datastore.googleapis.com" ? ["ADMIN_READ", "DATA_WRITE"] : ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
    content {
      log_type         = audit_log_config.value
      exempted_members = each.value == "datastore.googleapis.com" && audit_log_config.value == "DATA_WRITE" ? [local.members.gateway, local.members.console, local.members.keeper] : []
    }
  }
}

resource "google_bigquery_dataset" "logs" {
  count = var.access_logs ? 1 : 0

  project                         = var.project_id
  dataset_id                      = "${replace(var.name, "-", "_")}_logs"
  location                        = local.audit_location
  description                     = "Sallyport: access logs of Google Cloud, for reconciliation with the trail."
  labels                          = local.labels
  delete_contents_on_destroy      = false
  default_partition_expiration_ms = 400 * local.day_ms

  dynamic "default_encryption_configuration" {
    for_each = var.encryption_key[*]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  lifecycle {
    ignore_changes = [access]
  }
}

resource "google_logging_project_sink" "access" {
  count = var.access_logs ? 1 : 0

  project                = var.project_id
  name                   = "${var.name}-access"
  description            = "Reads of secrets, uses of keys, and whatever touches the trail."
  destination            = "bigquery.googleapis.com/projects/${var.project_id}/datasets/${google_bigquery_dataset.logs[0].dataset_id}"
  unique_writer_identity = true

  filter = <<-EOT
    log_id("cloudaudit.googleapis.com/data_access") OR log_id("cloudaudit.googleapis.com/activity")
    protoPayload.serviceName=("secretmanager.googleapis.com" OR "bigquery.googleapis.com" OR "cloudkms.googleapis.com" OR "datastore.googleapis.com")
  EOT

  bigquery_options {
    use_partitioned_tables = true
  }
}

resource "google_bigquery_dataset_iam_member" "logs" {
  count = var.access_logs ? 1 : 0

  project    = var.project_id
  dataset_id = google_bigquery_dataset.logs[0].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_logging_project_sink.access[0].writer_identity
}
