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
    # HSM or SOFTWARE. A key of another protection is another key.
    protection_level = optional(string, "HSM")
    # The version that signs decisions of humans.
    approvals_version = optional(number, 1)
    # The version that signs checkpoints.
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
    # vCPUs of an instance, 1 at least.
    cpu = optional(string, "2")
    # Memory of an instance.
    memory = optional(string, "2Gi")
    # How many instances always run; each costs its CPU and memory all the time.
    min_instances = optional(number, 1)
    # How many run at most.
    max_instances = optional(number, 20)
    # How many requests an instance takes at once, open sessions included.
    concurrency = optional(number, 80)
    # Where requests may come from: INGRESS_TRAFFIC_ALL, INGRESS_TRAFFIC_INTERNAL_ONLY, INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER.
    ingress = optional(string, "INGRESS_TRAFFIC_ALL")
    # Audiences that Cloud Run's own check of callers takes besides the service's address, where it is on.
    custom_audiences = optional(list(string), [])
    # Calls of one agent a minute, at each instance (SALLYPORT_CALLS_PER_MINUTE).
    calls_per_minute = optional(number, 600)
    # Calls of one agent at once, at each instance (SALLYPORT_CALLS_AT_ONCE).
    calls_at_once = optional(number, 16)
    # Sessions, watches and logs of one agent open at once, at each instance (SALLYPORT_OPEN_AT_ONCE).
    open_at_once = optional(number, 128)
    # Bytes of each answer that are recorded at most (SALLYPORT_RECORDING_LIMIT).
    recording_limit = optional(number, 1048576)
    # Bytes of each session that are recorded at most (SALLYPORT_SESSION_LIMIT).
    session_limit = optional(number, 67108864)
    # Cloud Run's own check of callers is off, as it takes the signature off the tokens that the gateway checks itself.
    public_invocation = optional(bool, true)
    # Who may call, as IAM members, where public_invocation is false.
    invokers = optional(list(string), [])
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
    # Its https address where that is not Cloud Run's own: that of a domain mapping or of a load balancer of yours.
    url = optional(string)
    # Who passes IAP, as IAM members: people and groups of Google.
    members = optional(list(string), [])
    # The group of the documents whose members author policies.
    admins = optional(string, "group:sallyport-admins")
    # The group of the documents whose members read evidence.
    auditors = optional(string, "group:sallyport-auditors")
    # vCPUs of an instance, 1 at least.
    cpu = optional(string, "1")
    # Memory of an instance.
    memory = optional(string, "1Gi")
    # How many instances always run.
    min_instances = optional(number, 1)
    # How many run at most.
    max_instances = optional(number, 4)
    # Where requests may come from, as for the gateway.
    ingress = optional(string, "INGRESS_TRAFFIC_ALL")
    # The audience of IAP's assertions where a load balancer of yours stands before it; that of Cloud Run where unset.
    iap_audience = optional(string)
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
    condition     = alltrue([for group in [var.console.admins, var.console.auditors] : can(regex("^group:[a-z0-9][a-z0-9_.-]{0,62}$", group))])
    error_message = "A group of the documents, group:<name>, whose members the input groups names: IAP tells who somebody is, and in no group of Google's."
  }
}

variable "keeper" {
  description = "The service that ships and sweeps the trail and signs checkpoints. Only Cloud Scheduler may call it."
  type = object({
    # vCPUs of an instance, 1 at least.
    cpu = optional(string, "1")
    # Memory of an instance.
    memory = optional(string, "1Gi")
    # How many instances always run; two keep the heartbeat while one is replaced.
    min_instances = optional(number, 1)
    # How many run at most.
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
    # Rules for a known issuer: google, gke, github, spiffe, agent-identity, oidc.
    preset = optional(string)
    # What `iss` of its tokens says; the preset's where it has one.
    issuer = optional(string)
    # Audiences that its tokens may have: what agents ask for, such as the gateway's address.
    audience = list(string)
    # Where its keys are, unless it says so itself (OpenID discovery).
    jwks_uri = optional(string)
    # Where it says where its keys are, unless that is below `issuer`.
    discovery = optional(string)
    # Signature algorithms that are taken.
    algorithms = optional(list(string))
    # What subjects are: as docs/identity.md lists them.
    subject_kind = optional(string)
    # Domains whose e-mail addresses it may vouch for.
    email_domains = optional(list(string))
    # The trust domain of SPIFFE ids.
    trust_domain = optional(string)
    # The pool that its members are named in (principal://<pool>/…).
    pool = optional(string)
    # Claims that are groups, attributes, or must have certain values.
    claims = optional(object({
      # The claim that lists groups.
      groups = optional(string)
      # Attributes by name, each with its claim.
      attributes = optional(map(string))
      # Claims that must have one of these values, such as a repository's owner.
      require = optional(map(list(string)))
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
    # The network, by its self link (projects/…/global/networks/…) or name.
    network = string
    # The subnetwork, in the same region.
    subnetwork = string
    # PRIVATE_RANGES_ONLY, or ALL_TRAFFIC to leave to the internet through the network, too (Cloud NAT).
    egress = optional(string, "PRIVATE_RANGES_ONLY")
    # Network tags of all three services, besides their own.
    tags = optional(list(string), [])
    # Private addresses that the gateway may reach, by name; with these, firewall rules refuse all others.
    targets = optional(map(object({
      # Ranges (CIDR).
      ranges = list(string)
      # TCP ports, or ranges of them.
      ports = list(string)
    })))
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
    # A region or multi-region; the services' region where unset. It cannot be changed later.
    location = optional(string)
    # The database of policies; <name>-policy where unset.
    policy_database = optional(string)
    # The database of what happens; <name>-runtime where unset.
    runtime_database = optional(string)
    # How long daily backups are kept.
    daily_backup_days = optional(number, 14)
    # How long weekly backups are kept, made on Sundays.
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
    # Where the datasets are: a region, or EU or US; the services' region where unset.
    location = optional(string)
    # The dataset of the trail.
    dataset = optional(string, "sallyport_audit")
    # The dataset of the auditor's views and questions.
    evidence_dataset = optional(string, "sallyport_evidence")
    # How long rows are kept.
    retention_days = optional(object({
      # Days of events; for ever where unset.
      events = optional(number)
      # Days of recordings; as long as events where unset, never longer.
      recordings = optional(number)
    }), {})
    # Nothing is deleted while this is true, whatever retention_days says.
    legal_hold = optional(bool, false)
    # Who reads all evidence with BigQuery, as IAM members.
    auditors = optional(list(string), [])
    # Who reads the evidence of some connections alone, by a name for each part.
    auditors_of = optional(map(object({
      # IAM members.
      members = list(string)
      # Names of connections.
      connections = list(string)
    })), {})
    # A bucket that checkpoints are kept in besides; none where unset.
    checkpoint_bucket = optional(object({
      # Its name, of all buckets of Google Cloud.
      name = string
      # Where it is; the services' region where unset.
      location = optional(string)
      # How long nobody can delete a checkpoint.
      retention_days = optional(number, 365)
      # Irreversible: the retention can never be shortened again, and the project not be deleted before its time.
      lock = optional(bool, false)
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

variable "workload_identity" {
  description = "Agents outside Google Cloud: a pool with a provider for each of their issuers (GitHub Actions, another cloud, a SPIFFE domain by OIDC). Their tokens can then be exchanged for Google's."
  type = map(object({
    # Who issues the tokens (https).
    issuer_uri = string
    # Audiences of these tokens; the provider's own name where none is given.
    allowed_audiences = optional(list(string), [])
    # Google's attributes from claims.
    attribute_mapping = optional(map(string), { "google.subject" = "assertion.sub" })
    # Whose tokens of it count, in CEL: assertion.repository_owner == 'example'.
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
    # Addresses that alerts are sent to.
    emails = optional(set(string), [])
    # Notification channels that are there already, by their full names (projects/…/notificationChannels/…).
    channels = optional(list(string), [])
    # From how many seconds on that events wait for BigQuery an alert is raised.
    audit_lag_seconds = optional(number, 300)
    # From how many refusals a minute on an alert is raised.
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
    # The domain that agents call; its address is the output load_balancer_address.
    domain = string
    # How many requests an address may send a minute.
    requests_per_minute = optional(number, 1200)
    # Ranges (CIDR) that requests may come from; anywhere where empty.
    allowed_ranges = optional(list(string), [])
    # OWASP's rules: off, preview (told in the log alone), or enforce those that do not look for statements and commands.
    waf = optional(string, "preview")
    # Lead plain http to https. A token that was sent in the clear is lost even so; off, nothing listens there.
    redirect_http = optional(bool, false)
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
    # The repository, by its full name (projects/…/locations/…/connections/…/repositories/…).
    repository = string
    # Which tags are released.
    tag = optional(string, "^v[0-9]+\\.[0-9]+\\.[0-9]+$")
    # Somebody must approve a release before it begins.
    approval = optional(bool, true)
    # Services run no image that no release vouches for (Binary Authorization).
    enforce = optional(bool, false)
  })
  default = null
}
