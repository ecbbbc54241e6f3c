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
  builder = var.build == null ? {} : { builder = google_service_account.builder[0].member }
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
  member   = google_service_account.builder[0].member
}

# To run a revision as a part's account is to be let to act as it.
resource "google_service_account_iam_member" "act_as" {
  for_each = var.build == null ? toset([]) : toset(["gateway", "console", "keeper"])

  service_account_id = google_service_account.role[each.value].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.builder[0].member
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

  substitutions = {
    _REGION   = var.region
    _NAME     = var.name
    _REGISTRY = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
    _KEY      = "${google_kms_crypto_key.images[0].id}/cryptoKeyVersions/1"
  }
}
