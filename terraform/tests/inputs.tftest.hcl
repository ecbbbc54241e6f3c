# What is refused before anything is planned. Each run gets several inputs wrong at once, one thing of each, and all of them are found; of
# each validation there is one violation here, so that one that is taken out is missed.

mock_provider "google" {}

variables {
  project_id  = "acme-sallyport"
  region      = "europe-west1"
  image       = "europe-west1-docker.pkg.dev/acme/sallyport/sallyport@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  issuers     = [{ preset = "google", audience = ["https://sallyport.example.com"] }]
  console     = { url = "https://console.example.com" }
  monitoring  = { emails = ["oncall@example.com"] }
  access_logs = false
  groups = {
    sallyport-admins   = { members = ["user:a@example.com"] }
    sallyport-auditors = { members = ["user:b@example.com"] }
  }
}

run "nothing_said_and_everybody_let_in" {
  command = plan

  variables {
    image             = "europe-west1-docker.pkg.dev/acme/sallyport/sallyport:latest"
    encryption_key    = "my-key"
    issuers           = []
    signing_keys      = { protection_level = "EXTERNAL" }
    gateway           = { ingress = "all" }
    console           = { url = "http://console.example.com" }
    keeper            = { min_instances = 0 }
    network           = { network = "n", subnetwork = "s", egress = "none" }
    firestore         = { daily_backup_days = 1 }
    audit             = { dataset = "sallyport-audit" }
    workload_identity = { github = { issuer_uri = "https://token.actions.githubusercontent.com", attribute_condition = "" } }
    monitoring        = { emails = ["oncall"] }
    load_balancer     = { domain = "https://sallyport.example.com" }
    secrets           = ["crm/gateway"]
    connections       = { CRM = { kind = "postgres", settings = { database = "crm" }, credential = { secret = "projects/p/secrets/s" } } }
    policies          = { "All of it" = { principals = ["*"], connections = ["*"], verbs = ["*"], effect = "allow" } }
    groups            = { nested = { members = ["group:other"] } }
    classifications   = { crm = { "public.users" = { email = "email address" } } }
    agents            = { bot = { member = "serviceAccount:bot@p.iam.gserviceaccount.com", owner = "user:lead@example.com", disable = true } }
  }

  expect_failures = [
    var.image, var.encryption_key, var.issuers, var.signing_keys, var.gateway, var.console, var.keeper,
    var.network, var.firestore, var.audit, var.workload_identity, var.monitoring, var.load_balancer, var.secrets, var.connections, var.policies,
    var.groups, var.classifications, var.agents,
  ]
}

run "plain_http_and_no_instance" {
  command = plan

  variables {
    issuers         = [{ issuer = "http://issuer.example.com", audience = ["x"] }]
    signing_keys    = { approvals_version = 0 }
    gateway         = { min_instances = 0 }
    console         = { members = ["allUsers"] }
    network         = { network = "n", subnetwork = "s", targets = { all = { ranges = ["0.0.0.0/0"], ports = ["5432"] } } }
    audit           = { retention_days = { events = 30, recordings = 60 } }
    monitoring      = { audit_lag_seconds = 5 }
    load_balancer   = { domain = "sallyport.example.com", waf = "on" }
    connections     = { crm = { kind = "mysql", settings = {}, credential = { secret = "projects/p/secrets/s" } } }
    policies        = { all = { principals = ["*"], connections = ["*"], verbs = ["*"], effect = "allow", condtion = "false" } }
    classifications = { crm = { transforms = { EMAIL_ADDRESS = "hide" } } }
    agents          = { bot = { member = "bot", owner = "user:lead@example.com" } }
  }

  expect_failures = [
    var.issuers, var.signing_keys, var.gateway, var.console, var.network, var.audit, var.monitoring, var.load_balancer, var.connections,
    var.policies, var.classifications, var.agents,
  ]
}

run "everybody_as_invoker" {
  command = plan

  variables {
    issuers       = [{ preset = "gitlab", issuer = "https://gitlab.com", audience = ["x"] }]
    gateway       = { public_invocation = false, invokers = ["allUsers"] }
    console       = { admins = "group:sallyport-admins@example.com" }
    audit         = { auditors = ["everybody"] }
    load_balancer = { domain = "sallyport.example.com", allowed_ranges = ["everywhere"] }
    connections   = { crm = { kind = "postgres", settings = { database = "crm" }, credential = { secret = "projects/p/secrets/s" }, unclassifed = "deny" } }
    policies      = { all = { connections = ["*"], verbs = ["*"], effect = "allow" } }
  }

  expect_failures = [var.issuers, var.gateway, var.console, var.audit, var.load_balancer, var.connections, var.policies]
}

run "nobody_as_invoker" {
  command = plan

  variables {
    gateway     = { public_invocation = false }
    audit       = { auditors_of = { everything = { members = ["group:a@example.com"], connections = ["crm"] } } }
    connections = { crm = { kind = "postgres", settings = { database = "crm", instnce = "p:r:i" }, credential = { secret = "projects/p/secrets/s" } } }
    policies    = { all = { principals = ["*"], connections = ["*"], verbs = ["raed"], effect = "allow" } }
  }

  expect_failures = [var.gateway, var.audit, var.connections, var.policies]
}

run "settings_left_out" {
  command = plan

  variables {
    audit       = { checkpoint_bucket = { name = "acme-checkpoints", retention_days = 0 } }
    connections = { crm = { kind = "postgres", settings = { host = "10.0.0.5" }, credential = { secret = "projects/p/secrets/s" } } }
    policies    = { all = { principals = ["analysts"], connections = ["*"], verbs = ["read"], effect = "allow" } }
  }

  expect_failures = [var.audit, var.connections, var.policies]
}

run "a_credential_of_another_form" {
  command = plan

  variables {
    connections = { crm = { kind = "postgres", settings = { database = "crm" }, credential = { secret = "crm" } } }
    policies    = { all = { principals = ["*"], connections = ["*"], verbs = ["read"], effect = "guard", approval = { approvers = ["group:dba"], expires = "soon" } } }
  }

  expect_failures = [var.connections, var.policies]
}

run "an_unknown_way_to_treat_what_is_not_classified" {
  command = plan

  variables {
    connections = { crm = { kind = "postgres", settings = { database = "crm" }, credential = { secret = "projects/p/secrets/s" }, unclassified = "ask" } }
    policies    = { all = { principals = ["*"], connections = ["*"], verbs = ["read"], effect = "guard", unmask = ["EMAIL_ADDRESS"] } }
  }

  expect_failures = [var.connections, var.policies]
}

run "a_way_around_the_load_balancer_and_nobody_in_charge" {
  command = plan

  variables {
    load_balancer = { domain = "sallyport.example.com" }
    monitoring    = {}
    groups        = {}
    policies      = { all = { principals = ["*"], connections = ["crn"], verbs = ["read"], effect = "allow" } }
  }

  expect_failures = [
    google_cloud_run_v2_service.service, check.somebody_is_in_charge, check.somebody_hears_of_alerts, check.what_is_named_is_there,
  ]
}

run "a_key_in_another_region" {
  command = plan

  variables {
    encryption_key = "projects/acme-keys/locations/us-central1/keyRings/r/cryptoKeys/k"
  }

  expect_failures = [google_kms_crypto_key_iam_member.encryption]
}

run "sizes_that_no_service_has" {
  command = plan

  variables {
    labels            = { Team = "platform" }
    gateway           = { cpu = "0.5" }
    console           = { memory = "1G" }
    keeper            = { cpu = "4", memory = "1Gi" }
    issuers           = [{ preset = "github", audience = ["x"], claims = { require = { repository_owner = ["example"] } } }]
    network           = { network = "prod network", subnetwork = "s" }
    load_balancer     = { domain = "sallyport.example.com", requests_per_minute = 0 }
    workload_identity = { gh = { issuer_uri = "https://token.actions.githubusercontent.com", attribute_condition = "assertion.repository_id == '1'" } }
    firestore         = { policy_database = "sallyport-runtime" }
    audit             = { location = "eu" }
    build             = { repository = "github.com/example/sallyport" }
    connections       = { crm = { kind = "postgres", settings = { database = "crm" }, credential = { secret = "projects/acme-sallyport/secrets/sallyport-seal-key" } } }
  }

  expect_failures = [
    var.labels, var.gateway, var.console, var.keeper, var.issuers, var.network, var.load_balancer, var.workload_identity, var.firestore,
    var.audit, var.build, var.connections,
  ]
}

run "an_account_of_its_own_as_a_target" {
  command = plan

  variables {
    gateway            = { recording_limit = 1 }
    console            = { min_instances = 5 }
    keeper             = { min_instances = 3, max_instances = 2 }
    issuers            = [{ issuer = "https://login.example.com", audience = ["x"] }]
    network            = { network = "prod", subnetwork = "projects/acme-net/regions/us-central1/subnetworks/s" }
    workload_identity  = { github = { issuer_uri = "https://token.actions.githubusercontent.com", attribute_condition = "assertion.actor == 'ada'" } }
    firestore          = { location = "EU" }
    audit              = { dataset = "sallyport_logs" }
    build              = { repository = "projects/p/locations/europe-west1/connections/c/repositories/r", tag = "(" }
    storage_log_bucket = "gs://logs"
    connections        = { crm = { kind = "bigquery", settings = { project = "p" }, credential = { service_account = "sallyport-console@acme-sallyport.iam.gserviceaccount.com" } } }
  }

  expect_failures = [
    var.gateway, var.console, var.keeper, var.issuers, var.network, var.workload_identity, var.firestore, var.audit, var.build,
    var.storage_log_bucket, var.connections,
  ]
}

run "the_id_of_the_project_for_its_number" {
  command = plan

  variables {
    console = { iap_audience = "/projects/acme-sallyport/global/backendServices/1" }
    issuers = [{ preset = "google", audience = ["x"] }, { preset = "google", audience = ["y"] }]
    audit   = { checkpoint_bucket = { name = "Acme.Checkpoints" } }
  }

  expect_failures = [var.console, var.issuers, var.audit]
}

run "an_ingress_that_there_is_not" {
  command = plan

  variables {
    console = { ingress = "all" }
    audit   = { retention_days = { events = 0.5 } }
  }

  expect_failures = [var.console, var.audit]
}

run "two_parts_of_one_name" {
  command = plan

  variables {
    audit = { auditors_of = { a-b = { members = ["group:a@example.com"], connections = ["crm"] }, a_b = { members = ["group:a@example.com"], connections = ["crm"] } } }
  }

  expect_failures = [var.audit]
}

run "checkpoints_where_the_key_is_not" {
  command = plan

  variables {
    encryption_key = "projects/acme-keys/locations/europe-west1/keyRings/r/cryptoKeys/k"
    audit          = { checkpoint_bucket = { name = "acme-checkpoints", location = "us-central1" } }
  }

  expect_failures = [google_kms_crypto_key_iam_member.encryption]
}

run "more_instances_than_conditions" {
  command = plan

  variables {
    connections = { for number in range(21) : "crm${number}" => { kind = "postgres", settings = { instance = "acme-sallyport:europe-west1:crm${number}", database = "crm" }, credential = { secret = "projects/acme-sallyport/secrets/crm" } } }
  }

  expect_failures = [google_project_iam_member.cloud_sql]
}

# Others are not looked at where these are wrong, as they are compared with them.
run "a_name_of_google_and_a_zone" {
  command = plan

  variables {
    project_id = "Acme"
    name       = "gcp-sallyport"
    region     = "europe-west1-b"
  }

  expect_failures = [var.project_id, var.name, var.region]
}
