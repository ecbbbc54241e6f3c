# Who each part is, and what it may do. Every grant is on one resource, but for those that Google Cloud can only give on a project; these
# are bound to a database by a condition, or are custom roles that hold nothing else.

resource "google_service_account" "role" {
  for_each = {
    gateway   = "Agents' calls: reads the secrets of its connections, spends approvals, writes the trail."
    console   = "Humans: grants approvals, edits policies, reads evidence; no secret of a target."
    keeper    = "Ships and sweeps the trail, signs checkpoints."
    scheduler = "Calls the keeper, and may do nothing else."
  }

  project      = var.project_id
  account_id   = "${var.name}-${each.key}"
  display_name = "Sallyport ${each.key}"
  description  = each.value

  depends_on = [google_project_service.used]
}

locals {
  # Composed rather than read, so that a plan already shows who is given what.
  emails  = { for role, account in google_service_account.role : role => "${account.account_id}@${account.project}.iam.gserviceaccount.com" }
  members = { for role, email in local.emails : role => "serviceAccount:${email}" }

  # Firestore has no rights for less than a database.
  database_rights = {
    gateway-policy  = { role = "roles/datastore.viewer", of = "gateway", database = local.databases.policy }
    gateway-runtime = { role = "roles/datastore.user", of = "gateway", database = local.databases.runtime }
    console-policy  = { role = "roles/datastore.user", of = "console", database = local.databases.policy }
    console-runtime = { role = "roles/datastore.user", of = "console", database = local.databases.runtime }
    keeper-policy   = { role = "roles/datastore.user", of = "keeper", database = local.databases.policy }
    keeper-runtime  = { role = "roles/datastore.user", of = "keeper", database = local.databases.runtime }
  }
}

resource "google_project_iam_member" "database" {
  for_each = local.database_rights

  project = var.project_id
  role    = each.value.role
  member  = local.members[each.value.of]

  condition {
    title       = "database-${each.value.database}"
    description = "This database alone."
    expression  = "resource.name == \"projects/${var.project_id}/databases/${each.value.database}\""
  }
}

# Rows are appended by insertAll, which needs no right to run jobs: what could change or delete a row is not in it.
locals {
  append_role = "projects/${google_project_iam_custom_role.append.project}/roles/${google_project_iam_custom_role.append.role_id}"
}

resource "google_project_iam_custom_role" "append" {
  project     = var.project_id
  role_id     = replace("${var.name}_append", "-", "_")
  title       = "Sallyport: append to the trail"
  description = "Streams rows into a table. Without the right to run jobs, rows can neither be changed nor deleted."
  permissions = ["bigquery.tables.get", "bigquery.tables.updateData"]
}

# The gateway takes on the service accounts that its connections name.
resource "google_service_account_iam_member" "impersonation" {
  for_each = local.target_accounts

  service_account_id = "projects/-/serviceAccounts/${each.value}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.members.gateway
}

# Agents outside Google Cloud.
resource "google_iam_workload_identity_pool" "agents" {
  count = length(var.workload_identity) > 0 ? 1 : 0

  project                   = var.project_id
  workload_identity_pool_id = "${var.name}-agents"
  display_name              = "Sallyport agents"
  description               = "Agents that run outside of Google Cloud."

  depends_on = [google_project_service.used]
}

resource "google_iam_workload_identity_pool_provider" "agents" {
  for_each = var.workload_identity

  project                            = var.project_id
  workload_identity_pool_id          = google_iam_workload_identity_pool.agents[0].workload_identity_pool_id
  workload_identity_pool_provider_id = each.key
  attribute_mapping                  = each.value.attribute_mapping
  attribute_condition                = each.value.attribute_condition

  oidc {
    issuer_uri        = each.value.issuer_uri
    allowed_audiences = each.value.allowed_audiences
  }
}
