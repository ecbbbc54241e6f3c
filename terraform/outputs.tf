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

output "iap_audience" {
  description = "The audience of IAP's assertions at the console, for whoever looks at one."
  value       = local.environment.SALLYPORT_IAP_AUDIENCE
}

output "agent_audiences" {
  description = "What agents ask their tokens for, by the order of issuers: the `audience` of an ID token."
  value       = [for issuer in var.issuers : issuer.audience]
}

output "network_tags" {
  description = "The network tag of each service, for firewall rules of your own; empty without a network."
  value       = { for service, network in local.networks : service => network.tags[0] if network != null }
}

output "encryption_agents" {
  description = "Who encrypts and decrypts with encryption_key: for the key's owner, where grant_encryption is off."
  value       = local.encrypting
}

output "secret_commands" {
  description = "How to put a value into each secret that this module made empty."
  value = { for name, secret in local.secret_names : name =>
    name == local.seal_key
    ? "openssl rand -base64 32 | tr -d '\\n' | gcloud secrets versions add ${name} --project=${var.project_id} --data-file=-"
    : "gcloud secrets versions add ${name} --project=${var.project_id} --data-file=FILE"
  }
}

output "next_steps" {
  description = "What is left to do by hand after an apply, in order."
  value = compact(concat(
    var.load_balancer == null ? [] : ["Let ${var.load_balancer.domain} lead to the address load_balancer_address; its certificate is made within the hour after that."],
    var.console.url == null ? [] : ["Let ${var.console.url} lead to ${local.own_url.console}."],
    [for email in sort(local.target_accounts) : "Give ${email} the rights at its target that a connection needs; the gateway takes it on."],
    [for what in sort(keys(local.unfilled)) : "Add people to the input groups: nobody is in ${local.unfilled[what]} yet, so nobody can ${what} in the console."],
    length(local.channels) == 0 ? ["Name monitoring.emails or monitoring.channels: nobody hears of an alert."] : [],
    ["Open ${local.console_url} and run a first operation: docs/operator.md leads through a first connection and a first policy."],
  ))
}
