# Two signing keys: one for the decisions of humans, one for checkpoints of the trail. Who signs the one cannot sign the other.

resource "google_kms_key_ring" "signing" {
  project  = var.project_id
  name     = var.name
  location = var.region

  depends_on = [google_project_service.used]
}

resource "google_kms_crypto_key" "signing" {
  for_each = toset(["approvals", "checkpoints"])

  name     = each.value
  key_ring = google_kms_key_ring.signing.id
  purpose  = "ASYMMETRIC_SIGN"
  labels   = local.labels

  # A version that is destroyed by mistake can be restored for so long.
  destroy_scheduled_duration = "2592000s"

  version_template {
    algorithm        = "EC_SIGN_P256_SHA256"
    protection_level = var.signing_keys.protection_level
  }

  # Without its public half nothing that it signed can be verified any more. No variable may be used here, so to take a deployment down
  # for good, `terraform state rm` the keys first.
  lifecycle {
    prevent_destroy = true
  }
}

locals {
  # Cloud KMS does not rotate asymmetric keys by itself. A new version is named by a variable; the old one stays enabled, as what it
  # signed is verified with it.
  key_ring = "projects/${google_kms_key_ring.signing.project}/locations/${google_kms_key_ring.signing.location}/keyRings/${google_kms_key_ring.signing.name}"
  keys     = { for name, key in google_kms_crypto_key.signing : name => "${local.key_ring}/cryptoKeys/${key.name}" }
  key_versions = {
    approvals   = "${local.keys.approvals}/cryptoKeyVersions/${var.signing_keys.approvals_version}"
    checkpoints = "${local.keys.checkpoints}/cryptoKeyVersions/${var.signing_keys.checkpoints_version}"
  }

  signing_rights = {
    console-approvals   = { key = "approvals", of = "console", role = "roles/cloudkms.signerVerifier" }
    keeper-checkpoints  = { key = "checkpoints", of = "keeper", role = "roles/cloudkms.signerVerifier" }
    gateway-approvals   = { key = "approvals", of = "gateway", role = "roles/cloudkms.publicKeyViewer" }
    keeper-approvals    = { key = "approvals", of = "keeper", role = "roles/cloudkms.publicKeyViewer" }
    console-checkpoints = { key = "checkpoints", of = "console", role = "roles/cloudkms.publicKeyViewer" }
  }
}

resource "google_kms_crypto_key_iam_member" "signing" {
  for_each = local.signing_rights

  crypto_key_id = local.keys[each.value.key]
  role          = each.value.role
  member        = local.members[each.value.of]
}
