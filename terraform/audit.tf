# The trail. Tables, views and table functions are generated from the product (`npm run terraform:generate`); nothing of them is written here.

locals {
  audit_location = coalesce(var.audit.location, var.region)

  definitions = jsondecode(replace(replace(replace(
    file("${path.module}/audit.json"),
    "%project%", var.project_id),
    "%audit%", var.audit.dataset),
    "%evidence%", var.audit.evidence_dataset)
  )
  tables         = { for table in local.definitions.tables : table.name => table }
  evidence_views = { for view in local.definitions.views : view.name => view if view.dataset == "evidence" }
  audit_views    = { for view in local.definitions.views : view.name => view if view.dataset == "audit" }
  functions      = { for each in local.definitions.functions : each.name => each }
  base_functions = toset(["document_versions"])

  kept_ms = var.audit.legal_hold ? {} : { for name, days in { events = var.audit.retention_days.events, recordings = try(coalesce(var.audit.retention_days.recordings, var.audit.retention_days.events), null) } : name => days * local.day_ms if days != null }

  # Who asks the evidence's questions.
  readers = merge({ console = local.members.console }, { for auditor in distinct(concat(var.audit.auditors, flatten([for part in values(var.audit.auditors_of) : part.members]))) : auditor => auditor })

  appends = {
    for pair in concat(
      [for table in ["events", "recordings"] : { role = "gateway", table = table }],
      [for table in ["events"] : { role = "console", table = table }],
      [for table in ["events", "recordings", "checkpoints"] : { role = "keeper", table = table }],
    ) : "${pair.role}-${pair.table}" => pair
  }
}

resource "google_bigquery_dataset" "audit" {
  project                    = var.project_id
  dataset_id                 = var.audit.dataset
  location                   = local.audit_location
  description                = "Sallyport: the audit trail. Appended to by the gateway, changed by nobody. Read it through the evidence dataset."
  labels                     = local.labels
  delete_contents_on_destroy = false
  max_time_travel_hours      = "168"

  dynamic "default_encryption_configuration" {
    for_each = local.encryption_key[*]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  # What it is made with: without this, whoever may edit the project could change rows. All other grants are the resources below.
  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  lifecycle {
    ignore_changes = [access]
  }

  depends_on = [google_project_service.used]
}

resource "google_bigquery_dataset" "evidence" {
  project                    = var.project_id
  dataset_id                 = var.audit.evidence_dataset
  location                   = local.audit_location
  description                = "Sallyport: the auditor's questions as views and table functions over the trail."
  labels                     = local.labels
  delete_contents_on_destroy = false

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

resource "google_bigquery_table" "trail" {
  for_each = local.tables

  project                  = var.project_id
  dataset_id               = google_bigquery_dataset.audit.dataset_id
  table_id                 = each.key
  description              = each.value.description
  schema                   = jsonencode(each.value.schema.fields)
  clustering               = each.value.clustering.fields
  require_partition_filter = each.value.requirePartitionFilter
  deletion_protection      = var.deletion_protection
  labels                   = local.labels

  time_partitioning {
    type          = each.value.timePartitioning.type
    field         = each.value.timePartitioning.field
    expiration_ms = lookup(local.kept_ms, each.key, null)
  }

  dynamic "encryption_configuration" {
    for_each = local.encryption_key[*]
    content {
      kms_key_name = encryption_configuration.value
    }
  }
}

resource "google_bigquery_table" "evidence" {
  for_each = local.evidence_views

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.evidence.dataset_id
  table_id            = each.key
  deletion_protection = false
  labels              = local.labels

  view {
    query          = each.value.query
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.trail]
}

resource "google_bigquery_table" "policy_changes" {
  for_each = local.audit_views

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.audit.dataset_id
  table_id            = each.key
  deletion_protection = false
  labels              = local.labels

  view {
    query          = each.value.query
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.evidence]
}

resource "google_bigquery_routine" "base" {
  for_each = { for name, each in local.functions : name => each if contains(local.base_functions, name) }

  project         = var.project_id
  dataset_id      = google_bigquery_dataset.evidence.dataset_id
  routine_id      = each.key
  routine_type    = "TABLE_VALUED_FUNCTION"
  language        = "SQL"
  definition_body = each.value.body

  dynamic "arguments" {
    for_each = each.value.parameters
    content {
      name      = arguments.value.name
      data_type = jsonencode({ typeKind = arguments.value.type })
    }
  }

  depends_on = [google_bigquery_table.evidence]
}

resource "google_bigquery_routine" "question" {
  for_each = { for name, each in local.functions : name => each if !contains(local.base_functions, name) }

  project         = var.project_id
  dataset_id      = google_bigquery_dataset.evidence.dataset_id
  routine_id      = each.key
  routine_type    = "TABLE_VALUED_FUNCTION"
  language        = "SQL"
  definition_body = each.value.body

  dynamic "arguments" {
    for_each = each.value.parameters
    content {
      name      = arguments.value.name
      data_type = jsonencode({ typeKind = arguments.value.type })
    }
  }

  depends_on = [google_bigquery_routine.base, google_bigquery_table.policy_changes]
}

# Appending, table by table. Nobody is given the right to change or delete rows, or to run jobs that could.
resource "google_bigquery_table_iam_member" "append" {
  for_each = local.appends

  project    = var.project_id
  dataset_id = google_bigquery_dataset.audit.dataset_id
  table_id   = google_bigquery_table.trail[each.value.table].table_id
  role       = local.append_role
  member     = local.members[each.value.role]
}

# The evidence dataset's views and functions may read the trail; so auditors need no right to the tables behind them.
resource "google_bigquery_dataset_access" "authorized" {
  project    = var.project_id
  dataset_id = google_bigquery_dataset.audit.dataset_id

  dataset {
    target_types = ["VIEWS", "ROUTINES"]
    dataset {
      project_id = var.project_id
      dataset_id = google_bigquery_dataset.evidence.dataset_id
    }
  }
}

resource "google_bigquery_dataset_iam_member" "evidence" {
  for_each = local.readers

  project    = var.project_id
  dataset_id = google_bigquery_dataset.evidence.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

# The console looks at the trail itself for bundles and for its integrity; the keeper asks how long rows are kept.
resource "google_bigquery_dataset_iam_member" "trail" {
  for_each = {
    console = { member = local.members.console, role = "roles/bigquery.dataViewer" }
    keeper  = { member = local.members.keeper, role = "roles/bigquery.metadataViewer" }
  }

  project    = var.project_id
  dataset_id = google_bigquery_dataset.audit.dataset_id
  role       = each.value.role
  member     = each.value.member
}

# Auditors of some connections alone. Where there are any, whoever may read everything is named, too: who is in no policy sees no row.
locals {
  row_tables = length(var.audit.auditors_of) > 0 ? toset(["events", "recordings"]) : toset([])
  rows = merge(
    { everything = { grantees = concat([local.members.console], var.audit.auditors), filter = "TRUE" } },
    { for name, part in var.audit.auditors_of : name => { grantees = part.members, filter = "connection IN (${join(", ", [for connection in part.connections : "'${connection}'"])})" } },
  )
  row_policies = { for pair in setproduct(local.row_tables, keys(local.rows)) : "${pair[0]}-${pair[1]}" => { table = pair[0], name = pair[1] } }
}

resource "google_bigquery_row_access_policy" "part" {
  for_each = local.row_policies

  project          = var.project_id
  dataset_id       = google_bigquery_dataset.audit.dataset_id
  table_id         = google_bigquery_table.trail[each.value.table].table_id
  policy_id        = replace(each.value.name, "-", "_")
  filter_predicate = local.rows[each.value.name].filter
  grantees         = local.rows[each.value.name].grantees
}

# Queries run as jobs of the project; what they may read is said above.
resource "google_project_iam_member" "jobs" {
  for_each = local.readers

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = each.value
}

# Checkpoints where nobody, the owner included, can take them back, if it is locked.
resource "google_storage_bucket" "checkpoints" {
  count = var.audit.checkpoint_bucket == null ? 0 : 1

  project                     = var.project_id
  name                        = var.audit.checkpoint_bucket.name
  location                    = coalesce(var.audit.checkpoint_bucket.location, var.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = local.labels

  # Each checkpoint is an object of its own that nobody overwrites; what is kept by retention cannot be versioned besides.
  retention_policy {
    retention_period = var.audit.checkpoint_bucket.retention_days * 86400
    is_locked        = var.audit.checkpoint_bucket.lock
  }

  dynamic "logging" {
    for_each = var.storage_log_bucket[*]
    content {
      log_bucket        = logging.value
      log_object_prefix = var.audit.checkpoint_bucket.name
    }
  }

  dynamic "encryption" {
    for_each = local.encryption_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }
}

resource "google_storage_bucket_iam_member" "checkpoints" {
  for_each = var.audit.checkpoint_bucket == null ? toset([]) : toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])

  bucket = google_storage_bucket.checkpoints[0].name
  role   = each.value
  member = local.members.keeper
}
