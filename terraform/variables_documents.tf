# What the product is told to begin with: connections, policies and the like, as its own references describe them.
#
# Objects with typed fields would be no help here: Terraform drops, without a word, a field that a type does not name, and a policy whose
# misspelt `condition` is dropped allows more than was meant. So these are taken as they are and looked at below, by what the product itself
# says of them (documents.json is generated from it); the product looks once more, and closer, when they are applied.

variable "secrets" {
  description = "Secrets for credentials of targets that this module makes, empty: put the value in with `gcloud secrets versions add`, so that it is in no state file. Secrets that are there already need only be named by a connection."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for secret in var.secrets : can(regex("^[A-Za-z0-9_-]{1,200}$", secret))])
    error_message = "Names of secrets are of letters, digits, underscores and dashes."
  }
}

variable "connections" {
  description = "Connections by name: `kind`, `settings`, `credential`, and where wanted `labels`, `unclassified`, `limits`, `record`, `approval_wait`, as the page of each kind in docs/ describes. Whose secrets and service accounts they name is what the gateway may use, and nothing else."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.connections) : can(regex(local.shape.patterns.name, name))])
    error_message = "Names of connections are of lower-case letters, digits, dot, dash and underscore; these are not: ${join(", ", [for name in keys(var.connections) : name if !can(regex(local.shape.patterns.name, name))])}."
  }

  validation {
    condition     = alltrue([for each in values(var.connections) : contains(local.shape.values.kind, try(each.kind, "")) && can(keys(each.settings)) && can(keys(each.credential))])
    error_message = "Each connection has a kind (${join(", ", local.shape.values.kind)}), settings and a credential; these do not: ${join(", ", [for name, each in var.connections : name if !(contains(local.shape.values.kind, try(each.kind, "")) && can(keys(each.settings)) && can(keys(each.credential)))])}."
  }

  validation {
    condition     = length(flatten([for each in values(var.connections) : tolist(setsubtract(try(keys(each), []), local.shape.fields.connections))])) == 0
    error_message = "Connections have no such fields: ${join(", ", flatten([for name, each in var.connections : [for field in setsubtract(try(keys(each), []), local.shape.fields.connections) : "${name}.${field}"]]))}. They have ${join(", ", local.shape.fields.connections)}."
  }

  validation {
    condition     = length(flatten([for each in values(var.connections) : tolist(setsubtract(try(keys(each.settings), []), try(local.shape.settings[each.kind].fields, keys(each.settings), [])))])) == 0
    error_message = "Settings of these kinds have no such fields: ${join(", ", flatten([for name, each in var.connections : [for field in setsubtract(try(keys(each.settings), []), try(local.shape.settings[each.kind].fields, keys(each.settings), [])) : "${name}.settings.${field} (${each.kind})"]]))}."
  }

  validation {
    condition     = length(flatten([for each in values(var.connections) : tolist(setsubtract(try(local.shape.settings[each.kind].required, []), try(keys(each.settings), [])))])) == 0
    error_message = "Settings that must be said are missing: ${join(", ", flatten([for name, each in var.connections : [for field in setsubtract(try(local.shape.settings[each.kind].required, []), try(keys(each.settings), [])) : "${name}.settings.${field}"]]))}."
  }

  validation {
    condition     = alltrue([for each in values(var.connections) : try(length(keys(each.credential)) == 1 && (can(regex(local.shape.patterns.secret, each.credential.secret)) || can(regex("^[a-z0-9-]+@[a-z0-9.-]+\\.gserviceaccount\\.com$", each.credential.service_account))), true)])
    error_message = "A credential is either { secret = \"projects/…/secrets/…\" }, with or without a version, or { service_account = \"…@….iam.gserviceaccount.com\" }; these are not: ${join(", ", [for name, each in var.connections : name if !try(length(keys(each.credential)) == 1 && (can(regex(local.shape.patterns.secret, each.credential.secret)) || can(regex("^[a-z0-9-]+@[a-z0-9.-]+\\.gserviceaccount\\.com$", each.credential.service_account))), true)])}."
  }

  validation {
    condition     = alltrue([for each in values(var.connections) : contains(local.shape.values.unclassified, try(each.unclassified, "deny")) && contains(local.shape.values.record, try(each.record, "masked")) && can(regex(local.shape.patterns.duration, try(each.approval_wait, "0s"))) && length(setsubtract(try(keys(each.limits), []), local.shape.fields.limits)) == 0])
    error_message = "Of a connection, unclassified is ${join(", ", local.shape.values.unclassified)}; record is ${join(", ", local.shape.values.record)}; approval_wait is a duration such as 30s or 15m; limits has ${join(", ", local.shape.fields.limits)}."
  }

  validation {
    condition     = alltrue([for each in values(var.connections) : !can(regex("/secrets/${var.name}-seal-key(/|$)", each.credential.secret))])
    error_message = "The key for sealing is no credential: it would be sent to a target. These connections name it: ${join(", ", [for name, each in var.connections : name if can(regex("/secrets/${var.name}-seal-key(/|$)", each.credential.secret))])}."
  }

  validation {
    condition     = alltrue([for each in values(var.connections) : !can(regex("^${var.name}-(gateway|console|keeper|scheduler|documents|collector|builder|smoke)@${var.project_id}\\.", each.credential.service_account))])
    error_message = "The gateway must not take on an account of Sallyport itself, as it could then sign approvals or change policies. These connections name one: ${join(", ", [for name, each in var.connections : name if can(regex("^${var.name}-(gateway|console|keeper|scheduler|documents|collector|builder|smoke)@${var.project_id}\\.", each.credential.service_account))])}."
  }
}

variable "policies" {
  description = "Policies by name: `principals`, `connections`, `verbs`, `effect`, and where wanted `resources`, `condition`, `approval`, `unmask`, `overrides`, `limits`, `description`. The guards that ship with the product (policies/built-in) are in force besides, unless one of the same name is given here."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.policies) : can(regex(local.shape.patterns.name, name))])
    error_message = "Names of policies are of lower-case letters, digits, dot, dash and underscore; these are not: ${join(", ", [for name in keys(var.policies) : name if !can(regex(local.shape.patterns.name, name))])}."
  }

  validation {
    condition     = length(flatten([for each in values(var.policies) : tolist(setsubtract(try(keys(each), []), local.shape.fields.policies))])) == 0
    error_message = "Policies have no such fields: ${join(", ", flatten([for name, each in var.policies : [for field in setsubtract(try(keys(each), []), local.shape.fields.policies) : "${name}.${field}"]]))}. They have ${join(", ", local.shape.fields.policies)}."
  }

  validation {
    condition     = alltrue([for each in values(var.policies) : contains(local.shape.values.effect, try(each.effect, "")) && try(length(each.principals) > 0 && length(each.connections) > 0 && length(each.verbs) > 0, false)])
    error_message = "Each policy has principals, connections, verbs, and an effect (${join(", ", local.shape.values.effect)}); these do not: ${join(", ", [for name, each in var.policies : name if !(contains(local.shape.values.effect, try(each.effect, "")) && try(length(each.principals) > 0 && length(each.connections) > 0 && length(each.verbs) > 0, false))])}."
  }

  validation {
    condition     = length(flatten([for each in values(var.policies) : tolist(setsubtract(try(each.verbs, []), local.shape.values.verbs))])) == 0
    error_message = "These are no verbs: ${join(", ", flatten([for name, each in var.policies : [for verb in setsubtract(try(each.verbs, []), local.shape.values.verbs) : "${name}: ${verb}"]]))}. Verbs are ${join(", ", local.shape.values.verbs)}."
  }

  validation {
    condition     = alltrue(flatten([for each in values(var.policies) : [for member in concat(try(tolist(each.principals), []), try(tolist(each.approval.approvers), [])) : member == "*" || can(regex(local.shape.patterns.member, member))]]))
    error_message = "Principals and approvers are IAM members such as group:analysts or user:dba@example.com; these are not: ${join(", ", flatten([for name, each in var.policies : [for member in concat(try(tolist(each.principals), []), try(tolist(each.approval.approvers), [])) : "${name}: ${member}" if !(member == "*" || can(regex(local.shape.patterns.member, member)))]]))}."
  }

  validation {
    condition     = alltrue([for each in values(var.policies) : length(setsubtract(try(keys(each.approval), []), local.shape.fields.approval)) == 0 && length(setsubtract(try(keys(each.limits), []), local.shape.fields.limits)) == 0 && can(regex(local.shape.patterns.duration, try(each.approval.expires, "30m")))])
    error_message = "Of a policy, approval has ${join(", ", local.shape.fields.approval)} (expires is a duration such as 30m), and limits has ${join(", ", local.shape.fields.limits)}."
  }

  validation {
    condition     = alltrue([for each in values(var.policies) : try(each.effect, "") == "allow" || (length(try(each.unmask, [])) == 0 && length(try(each.overrides, [])) == 0 && (try(each.effect, "") != "deny" || !can(keys(each.approval))))])
    error_message = "Only an allow may carry unmask or overrides, and a deny carries no approval."
  }
}

variable "groups" {
  description = "Groups by name, with their members. Groups do not nest. Who is in sallyport-admins authors policies, who is in sallyport-auditors reads evidence (unless `console` names other groups)."
  type        = map(object({ members = list(string) }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue(flatten([for name, group in var.groups : [can(regex(local.shape.patterns.name, name)), [for member in group.members : can(regex(local.shape.patterns.member, member)) && !startswith(member, "group:")]]]))
    error_message = "Groups are named in lower case, and their members are IAM members such as user:dba@example.com, no groups: they do not nest."
  }
}

variable "classifications" {
  description = "What is classified, by connection: relation (or glob) → column → class; and under `transforms` how a class is masked."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue(flatten([for each in values(var.classifications) : [for relation, columns in each : [for class in try(values(columns), [""]) : can(regex(local.shape.patterns.class, class))] if relation != "transforms"]]))
    error_message = "Classes are in capitals, such as EMAIL_ADDRESS; these are not: ${join(", ", flatten([for name, each in var.classifications : [for relation, columns in each : [for column, class in try(tomap(columns), { "?" = "" }) : "${name}: ${relation}.${column}" if !can(regex(local.shape.patterns.class, class))] if relation != "transforms"]]))}."
  }

  validation {
    condition     = alltrue(flatten([for each in values(var.classifications) : [for class, transform in try(each.transforms, {}) : can(regex(local.shape.patterns.class, class)) && contains(local.shape.values.transforms, transform)]]))
    error_message = "transforms is class → ${join(", ", local.shape.values.transforms)}."
  }
}

variable "agents" {
  description = "Agents by name: `member`, `owner` (who answers for it), and where wanted `description` and `disabled`."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(flatten([for each in values(var.agents) : tolist(setsubtract(try(keys(each), ["?"]), local.shape.fields.agents))])) == 0
    error_message = "Agents have no such fields: ${join(", ", flatten([for name, each in var.agents : [for field in setsubtract(try(keys(each), ["?"]), local.shape.fields.agents) : "${name}.${field}"]]))}. They have ${join(", ", local.shape.fields.agents)}."
  }

  validation {
    condition     = alltrue([for name, each in var.agents : can(regex(local.shape.patterns.name, name)) && can(regex(local.shape.patterns.member, each.member)) && can(regex(local.shape.patterns.member, each.owner))])
    error_message = "An agent has a name in lower case, and its member and its owner are IAM members such as serviceAccount:bot@… and user:lead@example.com; these have not: ${join(", ", [for name, each in var.agents : name if !(can(regex(local.shape.patterns.name, name)) && can(regex(local.shape.patterns.member, each.member)) && can(regex(local.shape.patterns.member, each.owner)))])}."
  }
}
