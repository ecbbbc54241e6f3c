# Who may dial which instance of Cloud SQL.

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
  groups     = { sallyport-admins = { members = ["user:ada@example.com"] }, sallyport-auditors = { members = ["user:dana@example.com"] } }
  monitoring = { emails = ["oncall@example.com"] }
  issuers    = [{ preset = "google", audience = ["https://sallyport.example.com"] }]
  connections = {
    crm     = { kind = "postgres", settings = { instance = "acme-sallyport:europe-west1:crm", database = "crm" }, credential = { secret = "projects/acme-sallyport/secrets/crm" } }
    iam     = { kind = "postgres", settings = { instance = "acme-sallyport:europe-west1:iam", database = "crm" }, credential = { service_account = "reader@acme-sallyport.iam.gserviceaccount.com" } }
    other   = { kind = "postgres", settings = { instance = "acme-shop:europe-west1:crm", database = "crm" }, credential = { secret = "projects/acme-sallyport/secrets/crm" } }
    by_host = { kind = "postgres", settings = { host = "10.0.0.5", database = "crm" }, credential = { secret = "projects/acme-sallyport/secrets/crm" } }
  }
}

run "the_gateway_dials_the_instances_of_its_secrets" {
  command = plan

  assert {
    condition     = keys(google_project_iam_member.cloud_sql) == ["acme-sallyport:europe-west1:crm"]
    error_message = "The gateway is given the instances that it dials itself, in its own project."
  }

  assert {
    condition     = alltrue([for grant in google_project_iam_member.cloud_sql : grant.role == "roles/cloudsql.client" && strcontains(grant.condition[0].expression, "projects/acme-sallyport/instances/crm\"")])
    error_message = "The right is for one instance, and for no more than to connect."
  }

  assert {
    condition     = length(google_project_service.cloud_sql) == 1
    error_message = "The Admin API must be on."
  }
}

run "nothing_of_it_without_an_instance" {
  command = plan

  variables {
    connections = {
      by_host = { kind = "postgres", settings = { host = "10.0.0.5", database = "crm" }, credential = { secret = "projects/acme-sallyport/secrets/crm" } }
    }
  }

  assert {
    condition     = length(google_project_iam_member.cloud_sql) == 0 && length(google_project_service.cloud_sql) == 0
    error_message = "Who has no Cloud SQL needs no right to it."
  }
}
