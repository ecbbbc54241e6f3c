# What a deployment is told. Objects are typed, and leave out what has a sound default.

variable "project_id" {
  description = "The project that Sallyport lives in. Give it one of its own: who owns the project can read everything in it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "The id of a project, such as acme-sallyport."
  }
}

variable "region" {
  description = "Where services, keys and images are."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region, such as europe-west1."
  }
}

variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "sallyport"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.name))
    error_message = "3 to 16 lower-case letters, digits and dashes."
  }
}

variable "labels" {
  description = "Labels of all resources that can have them."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "image" {
  description = "The image of all three services, by its digest: what was checked is what runs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9.-]+(:[0-9]+)?/.+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "An image by digest (…/sallyport@sha256:…), never by tag."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy databases, keys, tables and services. Turn it off in an apply of its own before you take a deployment down."
  type        = bool
  default     = true
  nullable    = false
}

variable "encryption_key" {
  description = "A Cloud KMS key (CMEK) in the region for databases, tables, secrets, images, buckets and services; Google's own keys where unset. It cannot be changed later without making databases anew. Its service agents must exist before: see «A key of your own» above."
  type        = string
  default     = null

  validation {
    condition     = var.encryption_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.encryption_key))
    error_message = "The full name of a crypto key: projects/…/locations/…/keyRings/…/cryptoKeys/…"
  }
}

variable "grant_encryption" {
  description = "Whether the module lets Google's service agents use encryption_key. Turn it off where the key's owner does so."
  type        = bool
  default     = true
  nullable    = false
}

variable "signing_keys" {
  description = "The two keys that sign decisions and checkpoints: how they are protected, and which version of each signs. After a rotation name the new version, and leave the old one enabled: what it signed is verified with it."
  type = object({
    protection_level    = optional(string, "HSM")
    approvals_version   = optional(number, 1)
    checkpoints_version = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["HSM", "SOFTWARE"], var.signing_keys.protection_level)
    error_message = "A key is protected by HSM or by SOFTWARE. It cannot be changed later: a key of another protection is another key."
  }

  validation {
    condition     = alltrue([for version in [var.signing_keys.approvals_version, var.signing_keys.checkpoints_version] : version >= 1 && floor(version) == version])
    error_message = "Versions of keys are numbers from 1, as Cloud KMS counts them."
  }
}

variable "gateway" {
  description = "The service that agents call."
  type = object({
    cpu               = optional(string, "2")
    memory            = optional(string, "2Gi")
    min_instances     = optional(number, 1)
    max_instances     = optional(number, 20)
    concurrency       = optional(number, 80)
    ingress           = optional(string, "INGRESS_TRAFFIC_ALL")
    custom_audiences  = optional(list(string), [])
    calls_per_minute  = optional(number, 600)
    calls_at_once     = optional(number, 16)
    open_at_once      = optional(number, 128)
    recording_limit   = optional(number, 1048576)
    session_limit     = optional(number, 67108864)
    public_invocation = optional(bool, true)
    invokers          = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"], var.gateway.ingress)
    error_message = "One of INGRESS_TRAFFIC_ALL, INGRESS_TRAFFIC_INTERNAL_ONLY, INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER."
  }

  validation {
    condition     = var.gateway.min_instances >= 1 && var.gateway.max_instances >= var.gateway.min_instances
    error_message = "At least one instance must run, as each ships its own trail; and no fewer at most than at least."
  }

  validation {
    condition     = alltrue([for invoker in var.gateway.invokers : !contains(["allUsers", "allAuthenticatedUsers"], invoker)])
    error_message = "Invokers are named: nobody is everybody."
  }

  validation {
    condition     = var.gateway.public_invocation || length(var.gateway.invokers) > 0
    error_message = "Without invokers nobody could reach the gateway: name them, or leave the check of tokens to the gateway itself."
  }
}

variable "console" {
  description = "Where humans decide, author policies and read evidence. `members` may pass IAP, which stands before it."
  type = object({
    url           = optional(string)
    members       = optional(list(string), [])
    admins        = optional(string, "group:sallyport-admins")
    auditors      = optional(string, "group:sallyport-auditors")
    cpu           = optional(string, "1")
    memory        = optional(string, "1Gi")
    min_instances = optional(number, 1)
    max_instances = optional(number, 4)
    ingress       = optional(string, "INGRESS_TRAFFIC_ALL")
    iap_audience  = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.console.url == null || can(regex("^https://[^/?#]+$", var.console.url))
    error_message = "The console's https address without a path, such as https://console.sallyport.example.com; unset it for Cloud Run's own."
  }

  validation {
    condition     = alltrue([for member in var.console.members : can(regex("^(user|group|domain|serviceAccount|principal|principalSet):", member)) && !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "IAM members such as group:approvers@example.com."
  }

  validation {
    condition     = alltrue([for group in [var.console.admins, var.console.auditors] : can(regex("^group:\\S+$", group))])
    error_message = "A group: group:<name>."
  }
}

variable "keeper" {
  description = "The service that ships and sweeps the trail and signs checkpoints. Only Cloud Scheduler may call it."
  type = object({
    cpu           = optional(string, "1")
    memory        = optional(string, "1Gi")
    min_instances = optional(number, 1)
    max_instances = optional(number, 2)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.keeper.min_instances >= 1
    error_message = "One instance must run: its heartbeat is what tells the gateway that policies are fresh."
  }
}

variable "issuers" {
  description = "Who says who calls: as in SALLYPORT_ISSUERS, described in docs/identity.md."
  type = list(object({
    preset        = optional(string)
    issuer        = optional(string)
    audience      = list(string)
    jwks_uri      = optional(string)
    discovery     = optional(string)
    algorithms    = optional(list(string))
    subject_kind  = optional(string)
    email_domains = optional(list(string))
    trust_domain  = optional(string)
    pool          = optional(string)
    claims = optional(object({
      groups     = optional(string)
      attributes = optional(map(string))
      require    = optional(map(list(string)))
    }))
  }))
  nullable = false

  validation {
    condition     = length(var.issuers) > 0
    error_message = "Without an issuer nobody could call."
  }

  validation {
    condition     = alltrue([for issuer in var.issuers : length(issuer.audience) > 0 && alltrue([for url in compact([issuer.issuer, issuer.jwks_uri, issuer.discovery]) : startswith(url, "https://")])])
    error_message = "Each issuer has an audience, and every address of it is https."
  }

  validation {
    condition     = alltrue([for issuer in var.issuers : issuer.preset == null || contains(["google", "gke", "github", "spiffe", "agent-identity", "oidc"], coalesce(issuer.preset, "oidc"))])
    error_message = "A preset is one of google, gke, github, spiffe, agent-identity, oidc."
  }
}

variable "network" {
  description = "Direct VPC egress: the network and subnetwork (self links or names) that services reach targets through, and what of their traffic goes there. Each service has a network tag of its own, <name>-gateway, <name>-console, <name>-keeper, and `tags` besides. Where `targets` are named (private ranges and TCP ports, by name), firewall rules let the gateway reach these and no other private address, and the other two none. The subnetwork should be a /26 at least for every 20 instances, with Private Google Access where egress is ALL_TRAFFIC."
  type = object({
    network    = string
    subnetwork = string
    egress     = optional(string, "PRIVATE_RANGES_ONLY")
    tags       = optional(list(string), [])
    targets    = optional(map(object({ ranges = list(string), ports = list(string) })))
  })
  default = null

  validation {
    condition     = var.network == null || alltrue([for target in values(coalesce(try(var.network.targets, null), {})) : length(target.ranges) > 0 && length(target.ports) > 0 && alltrue([for range in target.ranges : can(cidrhost(range, 0)) && !endswith(range, "/0")])])
    error_message = "Each of the network's targets has ranges (10.1.2.0/24, never /0) and ports (5432)."
  }

  validation {
    condition     = var.network == null || contains(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"], try(var.network.egress, ""))
    error_message = "Egress is PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
  }
}

variable "firestore" {
  description = "The two databases: policies, which the gateway may only read, and what happens. A region cannot be changed later."
  type = object({
    location           = optional(string)
    policy_database    = optional(string)
    runtime_database   = optional(string)
    daily_backup_days  = optional(number, 14)
    weekly_backup_days = optional(number, 98)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for days in [var.firestore.daily_backup_days, var.firestore.weekly_backup_days] : days >= 7 && days <= 98])
    error_message = "Backups are kept for 7 to 98 days (14 weeks is Firestore's own limit)."
  }
}

variable "audit" {
  description = "The trail in BigQuery: how long it is kept (days; for ever where unset), who may read the evidence (all of it, or by `auditors_of` that of some connections), and whether checkpoints are kept in a bucket, too. `lock` makes the bucket's retention irreversible: not even the project's owner can shorten it or delete a checkpoint before its time."
  type = object({
    location         = optional(string)
    dataset          = optional(string, "sallyport_audit")
    evidence_dataset = optional(string, "sallyport_evidence")
    retention_days   = optional(object({ events = optional(number), recordings = optional(number) }), {})
    legal_hold       = optional(bool, false)
    auditors         = optional(list(string), [])
    auditors_of      = optional(map(object({ members = list(string), connections = list(string) })), {})
    checkpoint_bucket = optional(object({
      name           = string
      location       = optional(string)
      retention_days = optional(number, 365)
      lock           = optional(bool, false)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^\\w+$", var.audit.dataset)) && can(regex("^\\w+$", var.audit.evidence_dataset)) && var.audit.dataset != var.audit.evidence_dataset
    error_message = "Two datasets, named with letters, digits and underscores."
  }

  validation {
    condition     = var.audit.retention_days.events == null || (try(var.audit.retention_days.recordings, null) == null ? true : var.audit.retention_days.recordings <= var.audit.retention_days.events)
    error_message = "Recordings are kept no longer than events, which say what they are."
  }

  validation {
    condition     = alltrue([for member in concat(var.audit.auditors, flatten([for part in values(var.audit.auditors_of) : part.members])) : can(regex("^(user|group|serviceAccount|principal|principalSet):\\S+$", member))])
    error_message = "Auditors are IAM members such as group:audit@example.com."
  }

  validation {
    condition     = alltrue([for name, part in var.audit.auditors_of : can(regex("^[a-z][a-z0-9_-]{0,62}$", name)) && name != "everything" && length(part.members) > 0 && length(part.connections) > 0 && alltrue([for connection in part.connections : can(regex("^[a-z0-9][a-z0-9_.-]{0,62}$", connection))])])
    error_message = "auditors_of is a name in lower case (not «everything»), each with members and with names of connections."
  }

  validation {
    condition     = try(var.audit.checkpoint_bucket.retention_days, 1) >= 1 && try(var.audit.checkpoint_bucket.retention_days, 1) <= 36500
    error_message = "Checkpoints are kept in the bucket for 1 to 36500 days."
  }
}

variable "secrets" {
  description = "Secrets for credentials of targets that this module makes, empty: put the value in with `gcloud secrets versions add`, so that it is in no state file. Secrets that are there already need only be named by a connection."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for secret in var.secrets : can(regex("^[A-Za-z0-9_-]{1,200}$", secret))])
    error_message = "Names of letters, digits, underscores and dashes."
  }
}

variable "connections" {
  description = "Connections by name, as in the policy reference: kind, settings, credential. Whose secrets and service accounts they name is what the gateway may use, and nothing else."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for connection in values(var.connections) : contains(["postgres", "bigquery", "kubernetes", "ssh", "http"], try(connection.kind, "")) && can(connection.settings) && (can(connection.credential.secret) != can(connection.credential.service_account))])
    error_message = "Each connection has a kind (postgres, bigquery, kubernetes, ssh, http), settings, and as its credential either a secret or a service_account."
  }

  validation {
    condition     = alltrue([for name in keys(var.connections) : can(regex("^[a-z0-9][a-z0-9_.-]{0,62}$", name))])
    error_message = "Names are of lower-case letters, digits, dot, dash and underscore."
  }

  validation {
    condition     = alltrue([for connection in values(var.connections) : can(regex("^projects/[^/]+/secrets/[A-Za-z0-9_-]+(/versions/([0-9]+|latest))?$", connection.credential.secret)) || can(regex("^[a-z0-9-]+@[a-z0-9-]+\\.iam\\.gserviceaccount\\.com$", connection.credential.service_account))])
    error_message = "A credential is projects/…/secrets/… (with or without a version), or the email of a service account."
  }
}

variable "policies" {
  description = "Policies by name, as in the policy reference. Those that ship with the product are in force besides."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for policy in values(var.policies) : contains(["allow", "deny", "guard"], try(policy.effect, "")) && try(length(policy.principals) > 0 && length(policy.connections) > 0 && length(policy.verbs) > 0, false)])
    error_message = "Each policy has principals, connections, verbs, and an effect: allow, deny or guard."
  }
}

variable "groups" {
  description = "Groups by name, with their members."
  type        = map(object({ members = list(string) }))
  default     = {}
  nullable    = false
}

variable "classifications" {
  description = "What is classified, by connection: relation (or glob) → column → class."
  type        = any
  default     = {}
  nullable    = false
}

variable "agents" {
  description = "Agents by name: who answers for each."
  type        = map(object({ member = string, owner = string, description = optional(string), disabled = optional(bool) }))
  default     = {}
  nullable    = false
}

variable "workload_identity" {
  description = "Agents outside Google Cloud: a pool with a provider for each of their issuers (GitHub Actions, another cloud, a SPIFFE domain by OIDC). Their tokens can then be exchanged for Google's."
  type = map(object({
    issuer_uri          = string
    allowed_audiences   = optional(list(string), [])
    attribute_mapping   = optional(map(string), { "google.subject" = "assertion.sub" })
    attribute_condition = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for provider in values(var.workload_identity) : startswith(provider.issuer_uri, "https://") && length(provider.attribute_condition) > 0])
    error_message = "Each provider has an https issuer, and a condition that says whose tokens of it count: an issuer such as GitHub speaks for everybody."
  }
}

variable "monitoring" {
  description = "Alerts, dashboard and uptime checks. Who hears of an alert: `emails`, and `channels`, which are full names of notification channels that are there already. Without either nobody does."
  type = object({
    emails              = optional(set(string), [])
    channels            = optional(list(string), [])
    audit_lag_seconds   = optional(number, 300)
    refusals_per_minute = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for email in var.monitoring.emails : can(regex("^[^@\\s]+@[^@\\s]+$", email))]) && alltrue([for channel in var.monitoring.channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "emails are addresses; channels are projects/…/notificationChannels/… (gcloud beta monitoring channels list)."
  }

  validation {
    condition     = var.monitoring.audit_lag_seconds >= 60 && var.monitoring.refusals_per_minute >= 1
    error_message = "audit_lag_seconds is 60 at least, as the keeper tells once a minute; refusals_per_minute is 1 at least."
  }
}

variable "load_balancer" {
  description = "A global load balancer with Cloud Armor before the gateway: its domain, how many requests an address may send a minute, and from which ranges (from anywhere where none is named). `waf` tries OWASP's rules (preview), enforces those that do not look for statements and commands (enforce), or leaves them out (off). `redirect_http` leads plain http to https, and is off as a token should not be sent in the clear even once. Set the gateway's ingress to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER with it, so that there is no way around."
  type = object({
    domain              = string
    requests_per_minute = optional(number, 1200)
    allowed_ranges      = optional(list(string), [])
    waf                 = optional(string, "preview")
    redirect_http       = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.load_balancer == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.load_balancer.domain))
    error_message = "The load balancer's domain, such as sallyport.example.com, without https:// and without a path."
  }

  validation {
    condition     = var.load_balancer == null || contains(["off", "preview", "enforce"], try(var.load_balancer.waf, ""))
    error_message = "The load balancer's waf is off, preview or enforce."
  }

  validation {
    condition     = var.load_balancer == null || alltrue([for range in try(var.load_balancer.allowed_ranges, []) : can(cidrhost(range, 0))])
    error_message = "allowed_ranges are CIDR ranges such as 203.0.113.0/24."
  }
}

variable "storage_log_bucket" {
  description = "A bucket that is there already for the usage logs of this module's buckets. Unset: who reads and writes them is in the access logs alone."
  type        = string
  default     = null
}

variable "access_logs" {
  description = "Data access logs of Secret Manager, Firestore, BigQuery, Cloud KMS, Cloud Storage and of tokens that are made for accounts, kept in a dataset of their own: what reconciliation, secret_use and audit_access compare the trail with, and what some alerts are told by. They cost what Cloud Logging costs."
  type        = bool
  default     = true
  nullable    = false
}

variable "build" {
  description = "Cloud Build: the repository (a second-generation connection's, by full name) whose tags are checked, built and rolled out, once somebody approved it (`approval`). `enforce`: services run no image that no release vouches for. Without `build` only the registry is made. See docs/releases.md."
  type = object({
    repository = string
    tag        = optional(string, "^v[0-9]+\\.[0-9]+\\.[0-9]+$")
    approval   = optional(bool, true)
    enforce    = optional(bool, false)
  })
  default = null
}
