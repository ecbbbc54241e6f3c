# Releases by Cloud Build: what the trigger needs to be told, and what the builder may do.

mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

variables {
  project_id = "acme-sallyport"
  region     = "europe-west1"
  image      = "europe-west1-docker.pkg.dev/acme/sallyport/sallyport@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  issuers    = [{ preset = "google", audience = ["https://sallyport.example.com"] }]
  console    = { url = "https://console.example.com", members = ["group:approvers@example.com"] }
  groups     = { sallyport-admins = { members = ["user:a@example.com"] }, sallyport-auditors = { members = ["user:b@example.com"] }, sallyport-approvers = { members = ["user:c@example.com"] } }
  monitoring = { emails = ["a@example.com"] }
  build      = { repository = "projects/p/locations/europe-west1/connections/c/repositories/r" }
}

run "a_release" {
  command = plan

  assert {
    condition     = google_cloudbuild_trigger.release[0].approval_config[0].approval_required && google_cloudbuild_trigger.release[0].substitutions._AUDIENCE == "https://sallyport.example.com"
    error_message = "A human says yes, and the smoke test's token is for the gateway's own audience."
  }

  assert {
    condition     = toset(keys(google_service_account_iam_member.act_as)) == toset(["gateway", "console", "keeper", "smoke"]) && toset(keys(google_cloud_run_v2_service_iam_member.roll_out)) == toset(["gateway", "console", "keeper"])
    error_message = "The builder rolls out these three services and runs the smoke test, and nothing else."
  }

  assert {
    condition     = toset(google_project_iam_custom_role.release[0].permissions) == toset(["cloudbuild.builds.list", "monitoring.timeSeries.list", "run.operations.get"])
    error_message = "In the project the builder looks, and changes nothing."
  }

  assert {
    condition     = google_binary_authorization_policy.release[0].default_admission_rule[0].enforcement_mode == "DRYRUN_AUDIT_LOG_ONLY" && alltrue([for service in google_cloud_run_v2_service.service : service.binary_authorization[0].use_default])
    error_message = "Images that no release vouches for are told of, until that is enforced."
  }

  assert {
    condition     = length(google_cloud_run_v2_job.smoke[0].template[0].template[0].vpc_access) == 0
    error_message = "A gateway that can be reached from anywhere is tried from anywhere."
  }
}

run "enforced_and_internal" {
  command = plan

  variables {
    gateway = { ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY", public_invocation = false, invokers = ["group:agents@example.com"] }
    network = { network = "prod", subnetwork = "sallyport" }
    build   = { repository = "projects/p/locations/europe-west1/connections/c/repositories/r", enforce = true, approval = false }
  }

  assert {
    condition     = google_binary_authorization_policy.release[0].default_admission_rule[0].enforcement_mode == "ENFORCED_BLOCK_AND_AUDIT_LOG"
    error_message = "Enforced where that is asked for."
  }

  assert {
    condition     = google_cloud_run_v2_job.smoke[0].template[0].template[0].vpc_access[0].egress == "ALL_TRAFFIC" && length(google_cloud_run_v2_service_iam_member.smoke) == 1
    error_message = "The smoke test comes from the network, and Cloud Run lets it in."
  }
}

run "nobody_could_be_tried_as" {
  command = plan

  variables {
    issuers = [{ preset = "github", audience = ["https://sallyport.example.com"], claims = { require = { repository_id = ["1"], job_workflow_ref = ["example/r/.github/workflows/w.yml@refs/heads/main"], environment = ["p"] } } }]
  }

  expect_failures = [google_cloudbuild_trigger.release]
}

run "no_way_to_an_internal_gateway" {
  command = plan

  variables {
    gateway = { ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY" }
  }

  expect_failures = [google_cloudbuild_trigger.release]
}
