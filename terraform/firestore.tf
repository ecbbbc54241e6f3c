# Two databases: policies, which the gateway may only read, and what happens. Indexes and TTL are those that the product's own file names.

locals {
  indexes = jsondecode(file("${path.module}/../firestore.indexes.json"))

  composite = { for index in local.indexes.indexes : join("-", concat([index.collectionGroup], [for field in index.fields : "${field.fieldPath}-${lower(field.order)}"])) => index }
  overrides = { for field in local.indexes.fieldOverrides : "${field.collectionGroup}-${field.fieldPath}" => field }
}

resource "google_firestore_database" "database" {
  for_each = local.databases

  project                           = var.project_id
  name                              = each.value
  location_id                       = coalesce(var.firestore.location, var.region)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  app_engine_integration_mode       = "DISABLED"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  # Firestore itself refuses to delete what is protected, so a change that would make a database anew fails before anything is done.
  # Terraform's own "ABANDON" would leave the old one behind and go on with one that is empty.
  deletion_policy = "DELETE"

  dynamic "cmek_config" {
    for_each = local.encryption_key[*]
    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_firestore_index" "runtime" {
  for_each = local.composite

  project     = var.project_id
  database    = google_firestore_database.database["runtime"].name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value.fieldPath
      order      = fields.value.order
    }
  }
}

# Fields that nobody asks for are not indexed, which is cheaper and lets them be large; some say when their document may go.
resource "google_firestore_field" "runtime" {
  for_each = local.overrides

  project    = var.project_id
  database   = google_firestore_database.database["runtime"].name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order       = try(indexes.value.order, null)
        query_scope = indexes.value.queryScope
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [true] : []
    content {}
  }
}

resource "google_firestore_backup_schedule" "daily" {
  for_each = google_firestore_database.database

  project   = var.project_id
  database  = each.value.name
  retention = "${var.firestore.daily_backup_days * 86400}s"

  daily_recurrence {}
}

resource "google_firestore_backup_schedule" "weekly" {
  for_each = google_firestore_database.database

  project   = var.project_id
  database  = each.value.name
  retention = "${var.firestore.weekly_backup_days * 86400}s"

  weekly_recurrence {
    day = "SUNDAY"
  }
}

# The product's servers come with IAM, which rules do not look at: anybody who comes from a browser or a phone is turned away.
resource "google_firebaserules_ruleset" "nobody" {
  project = var.project_id

  source {
    files {
      name    = "firestore.rules"
      content = <<-EOT
        rules_version = '2';
        service cloud.firestore {
          match /databases/{database}/documents {
            match /{document=**} {
              allow read, write: if false;
            }
          }
        }
      EOT
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_firebaserules_release" "nobody" {
  for_each = google_firestore_database.database

  project      = var.project_id
  name         = "cloud.firestore/${each.value.name}"
  ruleset_name = google_firebaserules_ruleset.nobody.name
}
