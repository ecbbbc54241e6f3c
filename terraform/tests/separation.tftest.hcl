# Separation of duties, whatever is put in. All in one run, as planning is what takes the time.

mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

variables {
  project_id          = "acme-sallyport"
  region              = "europe-west1"
  image               = "europe-west1-docker.pkg.dev/acme/sallyport/sallyport@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  deletion_protection = false
  issuers             = [{ preset = "google", audience = ["https://sallyport.example.com"] }]
  console             = { url = "https://console.example.com", members = ["group:approvers@example.com"] }
  groups = {
    sallyport-admins   = { members = ["user:a@example.com"] }
    sallyport-auditors = { members = ["user:b@example.com"] }
  }
  monitoring = { emails = ["oncall@example.com"] }
  secrets    = ["crm", "bastion"]
  audit      = { auditors = ["group:auditors@example.com"], checkpoint_bucket = { name = "acme-checkpoints" } }
  build      = { repository = "projects/p/locations/europe-west1/connections/c/repositories/r" }
  connections = {
    crm       = { kind = "postgres", settings = { database = "crm" }, credential = { secret = "projects/acme-sallyport/secrets/crm/versions/3" } }
    bastion   = { kind = "ssh", settings = { host = "10.0.0.9", user = "agent", host_keys = ["k"] }, credential = { secret = "projects/other/secrets/bastion" } }
    warehouse = { kind = "bigquery", settings = { project = "acme-warehouse" }, credential = { service_account = "reader@acme-sallyport.iam.gserviceaccount.com" } }
  }
}

run "separation" {
  command = plan

  # secrets are read one by one

  assert {
    condition     = toset([for grant in google_secret_manager_secret_iam_member.target : grant.secret_id]) == toset(["projects/acme-sallyport/secrets/crm", "projects/other/secrets/bastion"])
    error_message = "The gateway may read the secrets of its connections, each by its name, and no others."
  }

  assert {
    condition     = alltrue([for grant in google_secret_manager_secret_iam_member.target : grant.member == "serviceAccount:sallyport-gateway@acme-sallyport.iam.gserviceaccount.com"])
    error_message = "Nobody but the gateway reads a target's secret: neither the console nor the keeper."
  }

  assert {
    condition     = toset(keys(google_service_account_iam_member.impersonation)) == toset(["reader@acme-sallyport.iam.gserviceaccount.com"])
    error_message = "The gateway takes on the accounts that its connections name, and no others."
  }

  # who signs what

  assert {
    condition     = [for name, grant in google_kms_crypto_key_iam_member.signing : name if strcontains(grant.role, "signer")] == ["console-approvals", "keeper-checkpoints"]
    error_message = "The console alone signs decisions, the keeper alone checkpoints."
  }

  assert {
    condition     = alltrue([for grant in google_kms_crypto_key_iam_member.signing : grant.role == "roles/cloudkms.publicKeyViewer" if grant.member == "serviceAccount:sallyport-gateway@acme-sallyport.iam.gserviceaccount.com"])
    error_message = "The gateway cannot grant an approval: it only verifies them."
  }

  # databases apart

  assert {
    condition     = google_project_iam_member.database["gateway-policy"].role == "roles/datastore.viewer"
    error_message = "The gateway reads policies, and cannot change them."
  }

  assert {
    condition     = alltrue([for grant in google_project_iam_member.database : length(grant.condition) == 1 && can(regex("^resource\\.name == \"projects/acme-sallyport/databases/sallyport-(policy|runtime)\"$", grant.condition[0].expression))])
    error_message = "Each right to a database is bound to that database."
  }

  assert {
    condition     = google_firestore_database.database["policy"].point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED" && google_firestore_database.database["runtime"].point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "Both databases can be set back to a moment."
  }

  # the trail is appended to

  assert {
    condition     = toset(google_project_iam_custom_role.append.permissions) == toset(["bigquery.tables.get", "bigquery.tables.updateData"])
    error_message = "Appending is all that the role of the trail's writers lets them do."
  }

  assert {
    condition     = alltrue([for grant in google_bigquery_table_iam_member.append : grant.role == "projects/acme-sallyport/roles/sallyport_append"])
    error_message = "Who writes to the trail does it by that role alone."
  }

  assert {
    condition     = alltrue([for name, grant in google_bigquery_dataset_iam_member.trail : contains(["roles/bigquery.dataViewer", "roles/bigquery.metadataViewer"], grant.role)]) && alltrue([for grant in google_bigquery_dataset_iam_member.evidence : grant.role == "roles/bigquery.dataViewer"])
    error_message = "Nobody may change or delete a row."
  }

  assert {
    condition     = !contains([for grant in google_project_iam_member.jobs : grant.member], "serviceAccount:sallyport-gateway@acme-sallyport.iam.gserviceaccount.com") && !contains([for grant in google_project_iam_member.jobs : grant.member], "serviceAccount:sallyport-keeper@acme-sallyport.iam.gserviceaccount.com")
    error_message = "Who may write to a table may not run jobs, which could change it."
  }

  assert {
    condition     = alltrue([for name in ["events", "recordings", "checkpoints"] : google_bigquery_table.trail[name].require_partition_filter && google_bigquery_table.trail[name].time_partitioning[0].type == "DAY" && length(google_bigquery_table.trail[name].clustering) > 0])
    error_message = "Tables of the trail are partitioned by day, clustered, and never read whole."
  }

  assert {
    condition     = length(google_bigquery_routine.question) == 20 && contains(keys(google_bigquery_table.evidence), "events")
    error_message = "Each of the auditor's questions is there, over the views."
  }

  assert {
    condition     = contains(keys(google_bigquery_dataset_iam_member.evidence), "group:auditors@example.com") && !anytrue([for grant in google_bigquery_dataset_iam_member.trail : grant.member == "group:auditors@example.com"])
    error_message = "Auditors read the evidence, and not the tables behind it."
  }

  assert {
    condition     = google_storage_bucket.checkpoints[0].public_access_prevention == "enforced" && !google_storage_bucket.checkpoints[0].retention_policy[0].is_locked
    error_message = "The bucket of checkpoints is nobody's to see, and locked only where that was asked for."
  }

  # services

  assert {
    condition     = alltrue([for service in google_cloud_run_v2_service.service : endswith(service.template[0].containers[0].image, "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")])
    error_message = "What runs is named by its digest."
  }

  assert {
    condition     = length(distinct([for service in google_cloud_run_v2_service.service : service.template[0].service_account])) == 3
    error_message = "Each service has an account of its own."
  }

  assert {
    condition     = alltrue([for service in google_cloud_run_v2_service.service : service.template[0].containers[0].resources[0].cpu_idle == false && length(service.template[0].containers[0].startup_probe) == 1 && length(service.template[0].containers[0].liveness_probe) == 1 && service.template[0].scaling[0].min_instance_count >= 1])
    error_message = "CPU is always there, at least one instance runs, and its health is asked for."
  }

  assert {
    condition     = google_cloud_run_v2_service.service["console"].iap_enabled && !google_cloud_run_v2_service.service["console"].invoker_iam_disabled
    error_message = "Humans pass IAP; nobody reaches the console past it."
  }

  assert {
    condition     = google_cloud_run_v2_service.service["keeper"].ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "The keeper is not reached from outside."
  }

  assert {
    condition     = jsondecode([for env in google_cloud_run_v2_service.service["keeper"].template[0].containers[0].env : env.value if env.name == "SALLYPORT_ISSUERS"][0]) == [{ preset = "google", audience = ["https://sallyport-keeper.acme-sallyport.internal"] }]
    error_message = "The keeper takes the scheduler's tokens for itself alone."
  }

  # the builder

  assert {
    condition     = alltrue([for grant in google_service_account_iam_member.act_as : grant.role == "roles/iam.serviceAccountUser"]) && google_artifact_registry_repository.images.docker_config[0].immutable_tags
    error_message = "The builder rolls out as the services' accounts and no others, and a tag that was pushed stays."
  }

  # nobody is everybody

  assert {
    condition = !anytrue([for member in concat(
      [for grant in google_project_iam_member.database : grant.member],
      [for grant in google_project_iam_member.jobs : grant.member],
      [for grant in google_iap_web_cloud_run_service_iam_member.console : grant.member],
      [for grant in google_bigquery_dataset_iam_member.evidence : grant.member],
    ) : contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "allUsers and allAuthenticatedUsers are let in nowhere."
  }

  assert {
    condition = !anytrue([for role in concat(
      [for grant in google_project_iam_member.database : grant.role],
      [for grant in google_project_iam_member.jobs : grant.role],
      [for grant in google_cloud_run_v2_service_iam_member.roll_out : grant.role],
    ) : contains(["roles/owner", "roles/editor", "roles/viewer"], role)])
    error_message = "No basic roles."
  }
}
