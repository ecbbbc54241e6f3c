# Who reads secrets, databases and the trail, as Google Cloud itself writes it down: what reconciliation, secret_use and audit_access
# compare the trail with.

locals {
  day_ms = 86400000

  # By the name that audit configurations know a service by: what of it is logged. Firestore's is Datastore's, and IAM's is that of tokens
  # that are made for an account. What is exempt is the product's own work, which would be most of the log, and tell nothing.
  logged = var.access_logs ? {
    "bigquery.googleapis.com"      = { types = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"], exempt = [] }
    "cloudkms.googleapis.com"      = { types = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"], exempt = [] }
    "datastore.googleapis.com"     = { types = ["ADMIN_READ", "DATA_WRITE"], exempt = ["DATA_WRITE"] }
    "iam.googleapis.com"           = { types = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"], exempt = [] }
    "secretmanager.googleapis.com" = { types = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"], exempt = [] }
    "storage.googleapis.com"       = { types = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"], exempt = [] }
  } : {}

  logs_dataset = "${replace(var.name, "-", "_")}_logs"
}

resource "google_project_iam_audit_config" "access" {
  for_each = local.logged

  project = var.project_id
  service = each.key

  dynamic "audit_log_config" {
    for_each = each.value.types
    content {
      log_type         = audit_log_config.value
      exempted_members = contains(each.value.exempt, audit_log_config.value) ? [for role in ["gateway", "console", "keeper"] : local.members[role]] : []
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_bigquery_dataset" "logs" {
  count = var.access_logs ? 1 : 0

  project                         = var.project_id
  dataset_id                      = local.logs_dataset
  location                        = local.audit_location
  description                     = "Sallyport: access logs of Google Cloud, for reconciliation with the trail."
  labels                          = local.labels
  delete_contents_on_destroy      = false
  max_time_travel_hours           = "168"
  default_partition_expiration_ms = 400 * local.day_ms

  # What it is made with: without this, whoever may edit the project could write to it. Grants are the resources below.
  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "default_encryption_configuration" {
    for_each = local.encryption_key[*]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  lifecycle {
    ignore_changes = [access]
  }

  depends_on = [google_project_service.used]
}

resource "google_logging_project_sink" "access" {
  count = var.access_logs ? 1 : 0

  project                = var.project_id
  name                   = "${var.name}-access"
  description            = "Reads of secrets, uses of keys and accounts, and whatever touches the trail."
  destination            = "bigquery.googleapis.com/projects/${google_bigquery_dataset.logs[0].project}/datasets/${google_bigquery_dataset.logs[0].dataset_id}"
  unique_writer_identity = true

  filter = <<-EOT
    log_id("cloudaudit.googleapis.com/data_access") OR log_id("cloudaudit.googleapis.com/activity")
    protoPayload.serviceName=("secretmanager.googleapis.com" OR "bigquery.googleapis.com" OR "cloudkms.googleapis.com" OR "firestore.googleapis.com" OR "datastore.googleapis.com" OR "iam.googleapis.com" OR "iamcredentials.googleapis.com" OR "storage.googleapis.com" OR "logging.googleapis.com")
  EOT

  # The product's own appends: one for every call, and the rows themselves are the trail.
  exclusions {
    name        = "own-appends"
    description = "Rows that the three parts append to the trail."
    filter      = "protoPayload.serviceName=\"bigquery.googleapis.com\" AND protoPayload.methodName:\"InsertAll\" AND protoPayload.authenticationInfo.principalEmail=(${join(" OR ", [for role in ["gateway", "console", "keeper"] : "\"${local.emails[role]}\""])})"
  }

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

# The logs' records become rows of target_records, which the evidence compares the trail with. An account of its own runs the queries, as
# nobody who may write to the trail may run queries: it may write to this one table, which is not part of the chain.
locals {
  collected = var.access_logs ? merge(
    { for name in ["secret_manager", "audit_tables"] : name => { file = name, connection = null } },
    { for name, connection in var.connections : "bigquery_jobs-${name}" => { file = "bigquery_jobs", connection = name } if try(connection.kind == "bigquery" && connection.settings.project == var.project_id, false) },
  ) : {}

  collector_email = try("${google_service_account.collector[0].account_id}@${google_service_account.collector[0].project}.iam.gserviceaccount.com", "")
  collector       = var.access_logs ? { collector = "serviceAccount:${local.collector_email}" } : {}
}

resource "google_service_account" "collector" {
  count = var.access_logs ? 1 : 0

  project      = var.project_id
  account_id   = "${var.name}-collector"
  display_name = "Sallyport collector"
  description  = "Copies what access logs say into the table that the evidence compares the trail with; may do nothing else."

  depends_on = [google_project_service.used]
}

resource "google_bigquery_dataset_iam_member" "collector" {
  for_each = local.collector

  project    = var.project_id
  dataset_id = google_bigquery_dataset.logs[0].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

resource "google_bigquery_table_iam_member" "collector" {
  for_each = var.access_logs ? { append = local.append_role, read = "roles/bigquery.dataViewer" } : {}

  project    = var.project_id
  dataset_id = google_bigquery_dataset.audit.dataset_id
  table_id   = google_bigquery_table.trail["target_records"].table_id
  role       = each.value
  member     = local.collector.collector
}

resource "google_project_iam_member" "collector" {
  for_each = local.collector

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = each.value
}

resource "google_bigquery_data_transfer_config" "collect" {
  for_each = local.collected

  project              = var.project_id
  location             = local.audit_location
  display_name         = "${var.name} ${replace(each.key, "_", " ")}"
  data_source_id       = "scheduled_query"
  schedule             = "every 15 minutes"
  service_account_name = local.collector_email

  params = {
    query = join("\n", ["INSERT INTO `${var.project_id}.${var.audit.dataset}.target_records` (time, source, connection, principal, operation, record_id, resource, action, detail)",
      replace(replace(replace(replace(replace(file("${path.module}/../src/evidence/sources/${each.value.file}.sql"),
        "`sallyport_logs.", "`${var.project_id}.${local.logs_dataset}."),
        "/datasets/sallyport_audit", "/datasets/${var.audit.dataset}"),
        "@from", "TIMESTAMP_SUB(@run_time, INTERVAL 1 HOUR)"),
        "@to", "@run_time"),
    "@connection", each.value.connection == null ? "NULL" : "'${each.value.connection}'")])
  }

  dynamic "encryption_configuration" {
    for_each = local.encryption_key[*]
    content {
      kms_key_name = encryption_configuration.value
    }
  }

  depends_on = [google_bigquery_dataset_iam_member.collector, google_bigquery_table_iam_member.collector, google_project_iam_member.collector]
}
