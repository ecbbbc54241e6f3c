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
    protection_level = "HSM"
  }
}

# The first version. After a rotation, name the new one here and keep the old one: what it signed is verified with it.
data "google_kms_crypto_key_version" "signing" {
  for_each = google_kms_crypto_key.signing

  crypto_key = each.value.id
}

locals {
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

  crypto_key_id = google_kms_crypto_key.signing[each.value.key].id
  role          = each.value.role
  member        = local.members[each.value.of]
}
