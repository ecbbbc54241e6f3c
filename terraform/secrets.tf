# Secrets, each with its own readers. None is read by the right to a project or a folder.

locals {
  seal_key      = "${var.name}-seal-key"
  secret_names  = { for name, secret in google_secret_manager_secret.secret : name => "projects/${secret.project}/secrets/${secret.secret_id}" }
  seal_key_name = local.secret_names[local.seal_key]
}

# Empty: values are put in by hand, so that none is in a state file.
resource "google_secret_manager_secret" "secret" {
  for_each = setunion([local.seal_key], var.secrets)

  project             = var.project_id
  secret_id           = each.value
  labels              = local.labels
  deletion_protection = var.deletion_protection
  # A version that is destroyed by mistake can be had back for so long; until then it is disabled.
  version_destroy_ttl = "2592000s"

  replication {
    dynamic "auto" {
      for_each = local.encryption_key == null ? [true] : []
      content {}
    }
    dynamic "user_managed" {
      for_each = local.encryption_key[*]
      content {
        replicas {
          location = var.region
          customer_managed_encryption {
            kms_key_name = user_managed.value
          }
        }
      }
    }
  }

  depends_on = [google_project_service.used]
}

# Literals are sealed with it by whoever writes the trail, and equal ones stay equal: all three roles read it.
resource "google_secret_manager_secret_iam_member" "seal" {
  for_each = toset(["gateway", "console", "keeper"])

  project   = var.project_id
  secret_id = google_secret_manager_secret.secret[local.seal_key].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members[each.value]
}

# Of each connection's secret the gateway alone may read the value.
resource "google_secret_manager_secret_iam_member" "target" {
  for_each = local.target_secrets

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members.gateway

  depends_on = [google_secret_manager_secret.secret]
}
