output "gateway_url" {
  description = "Where agents call: the load balancer's domain, or Cloud Run's own address."
  value       = local.gateway_url
}

output "console_service_url" {
  description = "The console's own address, behind IAP: what console.url leads to, where it is set."
  value       = local.own_url.console
}

output "load_balancer_address" {
  description = "The address that the load balancer's domain must lead to; null without one."
  value       = try(google_compute_global_address.gateway[0].address, null)
}

output "service_accounts" {
  description = "The email of each part's service account: what targets must let in, and what audit logs name."
  value       = local.emails
}

output "seal_key_secret" {
  description = "The secret that the key for sealing must be put into, once, before the first apply of the services: see the operator's guide."
  value       = local.seal_key_name
}

output "signing_keys" {
  description = "The versions of the keys that sign decisions and checkpoints: what an auditor compares fingerprints with."
  value       = local.key_versions
}

output "datasets" {
  description = "The datasets of the trail and of the evidence."
  value       = { audit = google_bigquery_dataset.audit.dataset_id, evidence = google_bigquery_dataset.evidence.dataset_id }
}

output "databases" {
  description = "The Firestore databases of policies and of what happens."
  value       = { for role, database in google_firestore_database.database : role => database.name }
}

output "registry" {
  description = "Where images are pushed to."
  value       = "${google_artifact_registry_repository.images.location}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
}

output "workload_identity_pool" {
  description = "The pool that agents outside Google Cloud come in by; null without one."
  value       = try(google_iam_workload_identity_pool.agents[0].name, null)
}
