# Connections, policies, groups, classifications and agents as inputs. A job of the same image checks them as strictly as the product does
# and writes what changed; the trail tells of each with what it was. Those that humans write in the console stay as they are.

locals {
  documents = jsonencode({
    connections     = var.connections
    policies        = var.policies
    groups          = var.groups
    classifications = var.classifications
    agents          = { for name, agent in var.agents : name => { for key, value in agent : key => value if value != null } }
  })
}

locals {
  documents_email  = "${google_service_account.documents.account_id}@${google_service_account.documents.project}.iam.gserviceaccount.com"
  documents_member = "serviceAccount:${local.documents_email}"
}

resource "google_service_account" "documents" {
  project      = var.project_id
  account_id   = "${var.name}-documents"
  display_name = "Sallyport documents"
  description  = "Writes the documents that Terraform is given; may do nothing else."

  depends_on = [google_project_service.used]
}

resource "google_project_iam_member" "documents" {
  project = var.project_id
  role    = "roles/datastore.user"
  member  = local.documents_member

  condition {
    title       = "database-${local.databases.policy}"
    description = "This database alone."
    expression  = "resource.name == \"projects/${var.project_id}/databases/${local.databases.policy}\""
  }
}

resource "google_storage_bucket" "documents" {
  project                     = var.project_id
  name                        = "${var.project_id}-${var.name}-documents"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = local.labels

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 100
      with_state         = "ARCHIVED"
    }
  }

  dynamic "logging" {
    for_each = var.storage_log_bucket[*]
    content {
      log_bucket        = logging.value
      log_object_prefix = "${var.name}-documents"
    }
  }

  dynamic "encryption" {
    for_each = local.encryption_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }
}

resource "google_storage_bucket_object" "documents" {
  bucket       = google_storage_bucket.documents.name
  name         = "documents.json"
  content      = local.documents
  content_type = "application/json"
}

resource "google_storage_bucket_iam_member" "documents" {
  bucket = google_storage_bucket.documents.name
  role   = "roles/storage.objectViewer"
  member = local.documents_member
}

resource "google_cloud_run_v2_job" "documents" {
  project             = var.project_id
  location            = var.region
  name                = "${var.name}-documents"
  labels              = local.labels
  deletion_protection = false

  # A new name runs it, and the apply waits until it ended: documents that cannot be in force fail the apply.
  run_execution_token = substr(sha256("${local.documents}${var.image}"), 0, 10)

  template {
    template {
      service_account       = local.documents_email
      max_retries           = 1
      timeout               = "300s"
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      encryption_key        = local.encryption_key

      containers {
        image = var.image
        args  = ["apply"]

        env {
          name  = "GOOGLE_CLOUD_PROJECT"
          value = var.project_id
        }
        env {
          name  = "SALLYPORT_POLICY_DATABASE"
          value = google_firestore_database.database["policy"].name
        }
        env {
          name  = "SALLYPORT_DOCUMENTS"
          value = "/documents/${google_storage_bucket_object.documents.name}"
        }

        volume_mounts {
          name       = "documents"
          mount_path = "/documents"
        }
      }

      volumes {
        name = "documents"
        gcs {
          bucket    = google_storage_bucket.documents.name
          read_only = true
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version]
  }

  depends_on = [google_project_iam_member.documents, google_storage_bucket_iam_member.documents]
}
