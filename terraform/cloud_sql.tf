# Connections to Cloud SQL by Google's connector (`instance`): whoever dials asks the Admin API where the instance is and for a certificate of an
# hour. With a secret that is the gateway itself; with a service account it is that account, which is given its rights where it lives.

locals {
  # project:region:name, of which a project of a domain has a colon more.
  sql_instances = toset([for connection in values(var.connections) : connection.settings.instance if connection.kind == "postgres" && can(split(":", connection.settings.instance)[2])])
  sql_dialled   = toset([for connection in values(var.connections) : connection.settings.instance if connection.kind == "postgres" && can(split(":", connection.settings.instance)[2]) && can(connection.credential.secret)])

  # Of another project's instances the same must be granted there.
  sql_own = { for instance in local.sql_dialled : instance => reverse(split(":", instance))[0] if startswith(instance, "${var.project_id}:") }
}

resource "google_project_service" "cloud_sql" {
  count = length(local.sql_instances) > 0 ? 1 : 0

  project            = var.project_id
  service            = "sqladmin.googleapis.com"
  disable_on_destroy = false
}

resource "google_project_iam_member" "cloud_sql" {
  for_each = local.sql_own

  project = var.project_id
  role    = "roles/cloudsql.client"
  member  = local.members.gateway

  condition {
    title       = "instance-${each.value}"
    description = "This instance alone."
    expression  = "resource.name == \"projects/${var.project_id}/instances/${each.value}\" && resource.service == \"sqladmin.googleapis.com\""
  }

  lifecycle {
    precondition {
      condition     = length(local.sql_own) <= 20
      error_message = "IAM takes 20 conditions for one role and member, and these connections name ${length(local.sql_own)} instances with a secret: let the others have a service_account as credential, or put them into another project."
    }
  }
}
