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
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.name)) && !can(regex("^(gcp-|goog)|google", var.name))
    error_message = "3 to 16 lower-case letters, digits and dashes, which do not begin with gcp- or goog and hold no «google»: Google keeps such names for itself."
  }
}

variable "labels" {
  description = "Labels of all resources that can have them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.labels) <= 60 && alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && !startswith(key, "goog") && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels are of lower-case letters, digits, dashes and underscores, 63 at most each; a key begins with a letter, and not with goog."
  }
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

  validation {
    condition     = coalesce(var.firestore.policy_database, "${var.name}-policy") != coalesce(var.firestore.runtime_database, "${var.name}-runtime") && alltrue([for name in compact([var.firestore.policy_database, var.firestore.runtime_database]) : can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", name))])
    error_message = "Two databases, as Firestore has no rights for less than one: each has 4 to 63 lower-case letters, digits and dashes, and they are not the same."
  }

  validation {
    condition     = var.firestore.location == null || can(regex("^([a-z]+-[a-z]+[0-9]+|nam5|nam7|eur3)$", var.firestore.location))
    error_message = "firestore.location is a region such as europe-west1, or one of Firestore's multi-regions nam5, nam7, eur3."
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

  validation {
    condition     = var.audit.location == null || can(regex("^(EU|US|[a-z]+-[a-z]+[0-9]+)$", var.audit.location))
    error_message = "audit.location is a region such as europe-west1, or EU or US, in capitals."
  }

  validation {
    condition     = !contains([var.audit.dataset, var.audit.evidence_dataset], "${replace(var.name, "-", "_")}_logs")
    error_message = "${replace(var.name, "-", "_")}_logs is the dataset of access logs: the trail and the evidence have others."
  }

  validation {
    condition     = var.audit.checkpoint_bucket == null || can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", try(var.audit.checkpoint_bucket.name, "")))
    error_message = "The bucket of checkpoints has a name of 3 to 63 lower-case letters, digits, dashes and underscores, of all buckets of Google Cloud."
  }

  validation {
    condition     = alltrue([for days in compact([var.audit.retention_days.events, var.audit.retention_days.recordings]) : tonumber(days) >= 1 && tonumber(days) <= 36500 && floor(tonumber(days)) == tonumber(days)])
    error_message = "Rows are kept for whole days, 1 to 36500; unset it for ever."
  }

  validation {
    condition     = length(distinct([for name in keys(var.audit.auditors_of) : replace(name, "-", "_")])) == length(var.audit.auditors_of)
    error_message = "Names of auditors_of become names of row access policies, which know no dash: a-b and a_b are one."
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

variable "storage_log_bucket" {
  description = "A bucket that is there already for the usage logs of this module's buckets. Unset: who reads and writes them is in the access logs alone."
  type        = string
  default     = null

  validation {
    condition     = var.storage_log_bucket == null || can(regex("^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", var.storage_log_bucket))
    error_message = "The name of a bucket, without gs://."
  }
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

  validation {
    condition     = var.build == null || can(regex("^projects/[^/]+/locations/${var.region}/connections/[^/]+/repositories/[^/]+$", try(var.build.repository, "")))
    error_message = "build.repository is the full name of a second-generation connection's repository, in the services' region: projects/…/locations/${var.region}/connections/…/repositories/…"
  }

  validation {
    condition     = var.build == null || can(regexall(try(var.build.tag, "("), ""))
    error_message = "build.tag is a regular expression (RE2), such as ^v[0-9]+$."
  }
}
