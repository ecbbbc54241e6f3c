# Inputs at their limits, which must all be taken.

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
  groups     = { sallyport-admins = { members = ["user:a@example.com"] }, sallyport-auditors = { members = ["user:b@example.com"] } }
  monitoring = { emails = ["oncall@example.com"] }
}

run "no_connection_and_the_longest_names" {
  command = plan

  variables {
    project_id         = "a23456789-123456789-123456789z"
    name               = "sallyport-agents"
    region             = "northamerica-northeast1"
    labels             = { for number in range(60) : "key-${number}" => "" }
    storage_log_bucket = "acme.storage-logs"
    gateway            = { cpu = "8", memory = "4Gi", concurrency = 1000 }
    console            = { min_instances = 0, max_instances = 1, memory = "512Mi" }
    audit              = { location = "US", checkpoint_bucket = { name = "acme-checkpoints" } }
    build              = { repository = "projects/p/locations/northamerica-northeast1/connections/c/repositories/r" }
    workload_identity  = { abcd = { issuer_uri = "https://token.actions.githubusercontent.com", attribute_condition = "assertion.repository_id in ['1', '2']" } }
  }

  assert {
    condition     = alltrue([for account in concat(values(google_service_account.role), google_service_account.collector, google_service_account.builder, google_service_account.smoke, [google_service_account.documents]) : length(account.account_id) <= 30])
    error_message = "Names of service accounts have 30 characters at most."
  }

  assert {
    condition     = alltrue([for bucket in concat([google_storage_bucket.documents], google_storage_bucket.sbom) : length(bucket.name) <= 63]) && length(google_iam_workload_identity_pool.agents[0].workload_identity_pool_id) <= 32
    error_message = "Names of buckets have 63 characters at most, those of pools 32."
  }

  assert {
    condition     = alltrue([for service in google_cloud_run_v2_service.service : length("${service.name}-123456789012") <= 63])
    error_message = "What Cloud Run makes an address of has 63 characters at most."
  }

  assert {
    condition     = length(google_secret_manager_secret.secret) == 1 && length(google_service_account_iam_member.impersonation) == 0
    error_message = "Without connections the gateway may use nothing but the key for sealing."
  }
}

run "fifty_connections_in_a_shared_network" {
  command = plan

  variables {
    connections = merge(
      { for number in range(20) : "crm${number}" => { kind = "postgres", settings = { instance = "acme-sallyport:europe-west1:crm${number}", database = "crm" }, credential = { secret = "projects/123456789012/secrets/crm${number}" } } },
      { for number in range(30) : "warehouse.${number}" => { kind = "bigquery", settings = { project = "acme-sallyport" }, credential = { service_account = "reader-${number}@acme-sallyport.iam.gserviceaccount.com" } } },
    )
    network = {
      network    = "projects/acme-net/global/networks/prod"
      subnetwork = "projects/acme-net/regions/europe-west1/subnetworks/sallyport"
      egress     = "ALL_TRAFFIC"
      targets    = { a = { ranges = ["10.1.2.0/24"], ports = ["5432", "8000-8010"] } }
    }
    console = { members = ["domain:example.com", "principalSet://iam.googleapis.com/locations/global/workforcePools/people/group/approvers"] }
  }

  assert {
    condition     = length(google_project_iam_member.cloud_sql) == 20 && length(google_service_account_iam_member.impersonation) == 30 && length(google_secret_manager_secret_iam_member.target) == 20 && length(google_bigquery_data_transfer_config.collect) == 32
    error_message = "Each connection's secret, account and instance is granted by its name."
  }

  assert {
    condition     = alltrue([for rule in concat(values(google_compute_firewall.targets), google_compute_firewall.nothing_else) : rule.project == "acme-net"])
    error_message = "Rules of a Shared VPC are made where it is."
  }

  assert {
    condition     = google_cloud_run_v2_job.documents.template[0].template[0].vpc_access[0].egress == "ALL_TRAFFIC" && contains(google_compute_firewall.nothing_else[0].target_tags, "sallyport-documents")
    error_message = "The job of documents leaves by the network, too, and reaches no private address."
  }
}
