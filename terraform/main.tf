# What several files share, and the services of Google Cloud that are used.

locals {
  labels = merge({ app = "sallyport" }, var.labels)

  databases = {
    policy  = coalesce(var.firestore.policy_database, "${var.name}-policy")
    runtime = coalesce(var.firestore.runtime_database, "${var.name}-runtime")
  }

  # Everything that a connection names, and nothing else, is what the gateway may use.
  target_secrets = toset([
    for connection in values(var.connections) :
    replace(connection.credential.secret, "/\\/versions\\/.*$/", "") if can(connection.credential.secret)
  ])
  target_accounts = toset([
    for connection in values(var.connections) :
    connection.credential.service_account if can(connection.credential.service_account)
  ])
}

data "google_project" "this" {
  project_id = var.project_id
}

resource "google_project_service" "used" {
  for_each = toset(concat([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "bigquerydatatransfer.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "firebaserules.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "iap.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
    ],
    var.build == null ? [] : ["binaryauthorization.googleapis.com", "cloudbuild.googleapis.com", "containeranalysis.googleapis.com"],
    var.load_balancer == null && var.network == null ? [] : ["compute.googleapis.com"],
  ))

  project            = var.project_id
  service            = each.value
  disable_on_destroy = false
}
