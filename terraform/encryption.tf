# A key of one's own (CMEK): what is encrypted with it, and who may use it for that.

locals {
  # Service agents of Google Cloud, which encrypt and decrypt on behalf of the project.
  encrypting = {
    artifactregistry = "service-${data.google_project.this.number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    bigquery         = "bq-${data.google_project.this.number}@bigquery-encryption.iam.gserviceaccount.com"
    firestore        = "service-${data.google_project.this.number}@gcp-sa-firestore.iam.gserviceaccount.com"
    run              = "service-${data.google_project.this.number}@serverless-robot-prod.iam.gserviceaccount.com"
    secretmanager    = "service-${data.google_project.this.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    storage          = "service-${data.google_project.this.number}@gs-project-accounts.iam.gserviceaccount.com"
  }

  # Whatever is encrypted waits until the agents may use the key.
  encryption_key = var.encryption_key == null || !var.grant_encryption ? var.encryption_key : google_kms_crypto_key_iam_member.encryption["run"].crypto_key_id
}

resource "google_kms_crypto_key_iam_member" "encryption" {
  for_each = var.encryption_key == null || !var.grant_encryption ? {} : local.encrypting

  crypto_key_id = var.encryption_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"

  lifecycle {
    precondition {
      condition     = can(regex("/locations/${var.region}/", var.encryption_key)) && local.audit_location == var.region && coalesce(var.firestore.location, var.region) == var.region && coalesce(try(var.audit.checkpoint_bucket.location, null), var.region) == var.region
      error_message = "A key encrypts what is where it is itself: encryption_key must be in ${var.region}, and so must be the datasets (audit.location), the databases (firestore.location) and the bucket of checkpoints (audit.checkpoint_bucket.location)."
    }
  }

  depends_on = [google_project_service.used]
}
