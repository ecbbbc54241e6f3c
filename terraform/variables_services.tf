# Services: how large they are, who calls them, and how they are reached and reach others.

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
    condition     = var.network == null || alltrue([for name, target in coalesce(try(var.network.targets, null), {}) : can(regex("^[a-z][a-z0-9-]{0,30}$", name)) && length(target.ranges) > 0 && length(target.ports) > 0 && alltrue([for range in target.ranges : can(cidrhost(range, 0)) && !endswith(range, "/0")])])
    error_message = "Each of the network's targets has a name in lower case, ranges (10.1.2.0/24, never /0) and ports (5432)."
  }

  validation {
    condition     = var.network == null || contains(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"], try(var.network.egress, ""))
    error_message = "Egress is PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
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
