# Images, and who builds and rolls them out.

resource "google_artifact_registry_repository" "images" {
  project       = var.project_id
  location      = var.region
  repository_id = var.name
  format        = "DOCKER"
  description   = "Sallyport's images. A tag that was pushed stays what it is."
  labels        = local.labels
  kms_key_name  = local.encryption_key

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "drop-untagged"
    action = "DELETE"
    condition {
      tag_state  = "UNTAGGED"
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.used]
}

# Cloud Run's own agent pulls; nobody else needs to.
resource "google_artifact_registry_repository_iam_member" "pull" {
  project    = var.project_id
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:service-${data.google_project.this.number}@serverless-robot-prod.iam.gserviceaccount.com"
}

locals {
  # Known when planned: the address follows from the name.
  builder = var.build == null ? {} : {
    builder = "serviceAccount:${google_service_account.builder[0].account_id}@${google_service_account.builder[0].project}.iam.gserviceaccount.com"
  }
}

resource "google_service_account" "builder" {
  count = var.build == null ? 0 : 1

  project      = var.project_id
  account_id   = "${var.name}-builder"
  display_name = "Sallyport builder"
  description  = "Builds, signs and rolls out images."

  depends_on = [google_project_service.used]
}

resource "google_artifact_registry_repository_iam_member" "push" {
  for_each = local.builder

  project    = var.project_id
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = each.value
}

# Rolls out revisions of these services, and of no other.
resource "google_cloud_run_v2_service_iam_member" "roll_out" {
  for_each = var.build == null ? {} : google_cloud_run_v2_service.service

  project  = var.project_id
  location = var.region
  name     = each.value.name
  role     = "roles/run.developer"
  member   = local.builder.builder
}

# To run a revision, or the smoke test, as an account is to be let to act as it.
resource "google_service_account_iam_member" "act_as" {
  for_each = var.build == null ? {} : merge(
    { for role in ["gateway", "console", "keeper"] : role => google_service_account.role[role].name },
    { smoke = google_service_account.smoke[0].name },
  )

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = local.builder.builder
}

resource "google_project_iam_member" "build_logs" {
  for_each = local.builder

  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = each.value
}

resource "google_kms_crypto_key" "images" {
  count = var.build == null ? 0 : 1

  name                       = "images"
  key_ring                   = google_kms_key_ring.signing.id
  purpose                    = "ASYMMETRIC_SIGN"
  labels                     = local.labels
  destroy_scheduled_duration = "2592000s"

  version_template {
    algorithm        = "EC_SIGN_P256_SHA256"
    protection_level = "HSM"
  }
}

resource "google_kms_crypto_key_iam_member" "images" {
  for_each = local.builder

  crypto_key_id = google_kms_crypto_key.images[0].id
  role          = "roles/cloudkms.signerVerifier"
  member        = each.value
}

resource "google_cloudbuild_trigger" "release" {
  count = var.build == null ? 0 : 1

  project         = var.project_id
  location        = var.region
  name            = "${var.name}-release"
  description     = "A tag is checked, built, signed and rolled out."
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.builder[0].id

  repository_event_config {
    repository = var.build.repository
    push {
      tag = var.build.tag
    }
  }

  # A tag alone releases nothing: somebody says yes, once the tables that it needs are there.
  approval_config {
    approval_required = var.build.approval
  }

  substitutions = {
    _REGION      = var.region
    _NAME        = var.name
    _REGISTRY    = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
    _KEY         = "${local.key_ring}/cryptoKeys/${google_kms_crypto_key.images[0].name}/cryptoKeyVersions/1"
    _ATTESTOR    = "projects/${var.project_id}/attestors/${google_binary_authorization_attestor.release[0].name}"
    _SBOM_BUCKET = google_storage_bucket.sbom[0].name
    _AUDIENCE    = try(local.smoke_audiences[0], "")
    _DATASET     = google_bigquery_dataset.audit.dataset_id
  }

  lifecycle {
    precondition {
      condition     = length(local.smoke_audiences) > 0
      error_message = "Releases are tried with an ID token of Google: name the preset google among the issuers."
    }

    precondition {
      condition     = var.gateway.ingress == "INGRESS_TRAFFIC_ALL" || var.network != null
      error_message = "The smoke test reaches a gateway that is internal from a network alone: set one, with Private Google Access in its subnetwork."
    }
  }
}

locals {
  smoke_audiences = [for issuer in var.issuers : issuer.audience[0] if coalesce(issuer.preset, "oidc") == "google"]
}

# What a release asks of the project beside its own services, keys and images: whether another one goes on, how the new revisions do, and
# whether what it asked of Cloud Run is done.
resource "google_project_iam_custom_role" "release" {
  count = var.build == null ? 0 : 1

  project     = var.project_id
  role_id     = replace("${var.name}_release", "-", "_")
  title       = "Sallyport: watch a release"
  description = "Lists builds, reads metrics, waits for operations of Cloud Run. Changes nothing."
  permissions = ["cloudbuild.builds.list", "monitoring.timeSeries.list", "run.operations.get"]
}

resource "google_project_iam_member" "release" {
  for_each = local.builder

  project = var.project_id
  role    = "projects/${google_project_iam_custom_role.release[0].project}/roles/${google_project_iam_custom_role.release[0].role_id}"
  member  = each.value
}

# Whether the tables that a version writes to are there; no row of them.
resource "google_bigquery_dataset_iam_member" "release" {
  for_each = local.builder

  project    = var.project_id
  dataset_id = google_bigquery_dataset.audit.dataset_id
  role       = "roles/bigquery.metadataViewer"
  member     = each.value
}

# An attestation says that an image passed the checks. It is a note with signatures of the key of images.
data "google_kms_crypto_key_version" "images" {
  count = var.build == null ? 0 : 1

  crypto_key = google_kms_crypto_key.images[0].id
}

resource "google_container_analysis_note" "release" {
  count = var.build == null ? 0 : 1

  project           = var.project_id
  name              = "${var.name}-release"
  short_description = "Images of Sallyport that passed the checks"

  attestation_authority {
    hint {
      human_readable_name = "Sallyport's releases"
    }
  }

  depends_on = [google_project_service.used]
}

resource "google_binary_authorization_attestor" "release" {
  count = var.build == null ? 0 : 1

  project     = var.project_id
  name        = "${var.name}-release"
  description = "Vouches for images that cloudbuild.yaml checked, built and pushed."

  attestation_authority_note {
    note_reference = google_container_analysis_note.release[0].name

    public_keys {
      id = data.google_kms_crypto_key_version.images[0].id

      pkix_public_key {
        public_key_pem      = data.google_kms_crypto_key_version.images[0].public_key[0].pem
        signature_algorithm = data.google_kms_crypto_key_version.images[0].public_key[0].algorithm
      }
    }
  }
}

resource "google_binary_authorization_attestor_iam_member" "release" {
  for_each = local.builder

  project  = var.project_id
  attestor = google_binary_authorization_attestor.release[0].name
  role     = "roles/binaryauthorization.attestorsVerifier"
  member   = each.value
}

resource "google_container_analysis_note_iam_member" "release" {
  for_each = local.builder

  project = var.project_id
  note    = google_container_analysis_note.release[0].name
  role    = "roles/containeranalysis.notes.attacher"
  member  = each.value
}

# Attestations and references to bills of materials are occurrences; the note of the latter is gcloud's own.
resource "google_project_iam_member" "analysis" {
  for_each = var.build == null ? toset([]) : toset(["roles/containeranalysis.notes.editor", "roles/containeranalysis.occurrences.editor"])

  project = var.project_id
  role    = each.value
  member  = local.builder.builder
}

# One policy for the whole project: without enforcement it only tells, in the audit log, of what it would have refused.
resource "google_binary_authorization_policy" "release" {
  count = var.build == null ? 0 : 1

  project                       = var.project_id
  global_policy_evaluation_mode = "ENABLE"

  default_admission_rule {
    evaluation_mode         = "REQUIRE_ATTESTATION"
    enforcement_mode        = var.build.enforce ? "ENFORCED_BLOCK_AND_AUDIT_LOG" : "DRYRUN_AUDIT_LOG_ONLY"
    require_attestations_by = [google_binary_authorization_attestor.release[0].name]
  }
}

resource "google_storage_bucket" "sbom" {
  count = var.build == null ? 0 : 1

  project                     = var.project_id
  name                        = "${var.project_id}-${var.name}-sbom"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = local.labels

  versioning {
    enabled = true
  }

  dynamic "logging" {
    for_each = var.storage_log_bucket[*]
    content {
      log_bucket        = logging.value
      log_object_prefix = "${var.name}-sbom"
    }
  }

  dynamic "encryption" {
    for_each = local.encryption_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }
}

resource "google_storage_bucket_iam_member" "sbom" {
  for_each = local.builder

  bucket = google_storage_bucket.sbom[0].name
  role   = "roles/storage.objectUser"
  member = each.value
}

# The smoke test: an agent without any right, which calls the gateway from inside. What it runs, each release puts in.
resource "google_service_account" "smoke" {
  count = var.build == null ? 0 : 1

  project      = var.project_id
  account_id   = "${var.name}-smoke"
  display_name = "Sallyport smoke test"
  description  = "Calls the gateway's new revision before it serves; is granted nothing."

  depends_on = [google_project_service.used]
}

resource "google_cloud_run_v2_job" "smoke" {
  count = var.build == null ? 0 : 1

  project             = var.project_id
  location            = var.region
  name                = "${var.name}-smoke"
  labels              = local.labels
  deletion_protection = false

  # Images that no release vouches for are told of, or refused.
  dynamic "binary_authorization" {
    for_each = var.build[*]
    content {
      use_default = true
    }
  }

  template {
    template {
      service_account       = google_service_account.smoke[0].email
      max_retries           = 0
      timeout               = "300s"
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      encryption_key        = local.encryption_key

      # Through the network a gateway can be reached that is internal; one that is not, from anywhere.
      dynamic "vpc_access" {
        for_each = local.job_networks.smoke[*]
        content {
          egress = var.gateway.ingress == "INGRESS_TRAFFIC_ALL" ? vpc_access.value.egress : "ALL_TRAFFIC"
          network_interfaces {
            network    = vpc_access.value.network
            subnetwork = vpc_access.value.subnetwork
            tags       = vpc_access.value.tags
          }
        }
      }

      containers {
        image = var.image
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version, template[0].template[0].containers]
  }
}

resource "google_cloud_run_v2_job_iam_member" "smoke" {
  for_each = local.builder

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.smoke[0].name
  role     = "roles/run.developer"
  member   = each.value
}

# Where Cloud Run itself checks who calls the gateway, it must let the smoke test in.
resource "google_cloud_run_v2_service_iam_member" "smoke" {
  for_each = var.build == null || var.gateway.public_invocation ? toset([]) : toset(["gateway"])

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.service[each.value].name
  role     = "roles/run.invoker"
  member   = google_service_account.smoke[0].member
}
