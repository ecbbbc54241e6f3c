# Connections, policies, groups, classifications and agents as inputs. A job of the same image checks them as strictly as the product does
# and writes what changed; the trail tells of each with what it was. Those that humans write in the console stay as they are.

locals {
  documents = jsonencode({
    connections     = var.connections
    policies        = var.policies
    groups          = var.groups
    classifications = var.classifications
    agents          = var.agents
  })

  # What documents may say, from the product's own schemas.
  shape = jsondecode(file("${path.module}/documents.json"))
}

locals {
  documents_email  = "${google_service_account.documents.account_id}@${google_service_account.documents.project}.iam.gserviceaccount.com"
  documents_member = "serviceAccount:${local.documents_email}"
}

# What would leave nobody in charge. Groups that are written in the console itself are not known here, so these only warn.
locals {
  in_charge = { "author policies" = var.console.admins, "read evidence" = var.console.auditors }
  unfilled  = { for what, group in local.in_charge : what => group if try(length(var.groups[trimprefix(group, "group:")].members), 0) == 0 }

  # Connections that a policy or an auditor's part names, and that are not among the inputs.
  named   = toset(concat(flatten([for policy in values(var.policies) : try(policy.connections, [])]), flatten([for part in values(var.audit.auditors_of) : part.connections])))
  unknown = [for name in local.named : name if !can(regex("[*?]", name)) && !strcontains(name, "=") && !contains(keys(var.connections), name)]
}

check "somebody_is_in_charge" {
  assert {
    condition     = length(local.unfilled) == 0
    error_message = "Nobody is in ${join(" and ", values(local.unfilled))}, so nobody can ${join(" or ", keys(local.unfilled))} in the console: IAP names people and no groups. Add groups = { ${trimprefix(try(values(local.unfilled)[0], "group:x"), "group:")} = { members = [\"user:…\"] } }."
  }
}

check "what_is_named_is_there" {
  assert {
    condition     = length(local.unknown) == 0
    error_message = "Policies or auditors_of name connections that are not among the inputs: ${join(", ", local.unknown)}. A misspelt name gives nobody anything."
  }

  assert {
    condition     = alltrue([for name in keys(var.classifications) : contains(keys(var.connections), name)])
    error_message = "Classifications are of connections that are not among the inputs: ${join(", ", [for name in keys(var.classifications) : name if !contains(keys(var.connections), name)])}. What they say masks nothing."
  }
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

  # Images that no release vouches for are told of, or refused.
  dynamic "binary_authorization" {
    for_each = var.build[*]
    content {
      use_default = true
    }
  }

  template {
    template {
      service_account       = local.documents_email
      max_retries           = 1
      timeout               = "300s"
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      encryption_key        = local.encryption_key

      dynamic "vpc_access" {
        for_each = local.job_networks.documents[*]
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
