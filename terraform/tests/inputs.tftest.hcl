# What is refused before anything is planned.

mock_provider "google" {}

variables {
  project_id = "acme-sallyport"
  region     = "europe-west1"
  image      = "europe-west1-docker.pkg.dev/acme/sallyport/sallyport@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  issuers    = [{ preset = "google", audience = ["https://sallyport.example.com"] }]
  console    = { url = "https://console.example.com" }
}

run "an_image_by_tag" {
  command = plan
  variables { image = "europe-west1-docker.pkg.dev/acme/sallyport/sallyport:latest" }
  expect_failures = [var.image]
}

run "no_issuer" {
  command = plan
  variables { issuers = [] }
  expect_failures = [var.issuers]
}

run "an_issuer_in_plain_http" {
  command = plan
  variables { issuers = [{ issuer = "http://issuer.example.com", audience = ["x"] }] }
  expect_failures = [var.issuers]
}

run "a_console_in_plain_http" {
  command = plan
  variables { console = { url = "http://console.example.com" } }
  expect_failures = [var.console]
}

run "everybody_at_the_console" {
  command = plan
  variables { console = { url = "https://console.example.com", members = ["allUsers"] } }
  expect_failures = [var.console]
}

run "everybody_as_invoker" {
  command = plan
  variables { gateway = { public_invocation = false, invokers = ["allUsers"] } }
  expect_failures = [var.gateway]
}

run "nobody_as_invoker" {
  command = plan
  variables { gateway = { public_invocation = false } }
  expect_failures = [var.gateway]
}

run "no_instance" {
  command = plan
  variables { gateway = { min_instances = 0 } }
  expect_failures = [var.gateway]
}

run "recordings_kept_longer_than_events" {
  command = plan
  variables { audit = { retention_days = { events = 30, recordings = 60 } } }
  expect_failures = [var.audit]
}

run "a_connection_without_a_credential" {
  command = plan
  variables { connections = { crm = { kind = "postgres", settings = {} } } }
  expect_failures = [var.connections]
}

run "a_connection_with_a_secret_of_another_form" {
  command = plan
  variables { connections = { crm = { kind = "postgres", settings = {}, credential = { secret = "crm" } } } }
  expect_failures = [var.connections]
}

run "a_kind_that_is_not_served" {
  command = plan
  variables { connections = { crm = { kind = "mysql", settings = {}, credential = { secret = "projects/p/secrets/s" } } } }
  expect_failures = [var.connections]
}

run "a_policy_without_principals" {
  command = plan
  variables { policies = { all = { connections = ["*"], verbs = ["*"], effect = "allow" } } }
  expect_failures = [var.policies]
}

run "agents_from_anywhere" {
  command = plan
  variables { workload_identity = { github = { issuer_uri = "https://token.actions.githubusercontent.com", attribute_condition = "" } } }
  expect_failures = [var.workload_identity]
}

run "a_way_around_the_load_balancer" {
  command = plan
  variables { load_balancer = { domain = "sallyport.example.com" } }
  expect_failures = [google_cloud_run_v2_service.service]
}
