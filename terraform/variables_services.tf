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

  validation {
    condition     = try(length([for mib in [try(tonumber(regex("^([0-9]+)Gi$", var.gateway.memory)[0]) * 1024, tonumber(regex("^([0-9]+)Mi$", var.gateway.memory)[0]))] : mib if mib >= local.memory_of_cpus[var.gateway.cpu].least && mib <= local.memory_of_cpus[var.gateway.cpu].most]) == 1, false)
    error_message = "cpu is 1, 2, 4, 6 or 8, and memory is what Cloud Run gives for so many: 512Mi to 4Gi for 1, 512Mi to 8Gi for 2, 2Gi to 16Gi for 4, 4Gi to 24Gi for 6, 4Gi to 32Gi for 8."
  }

  validation {
    condition     = alltrue([for count in [var.gateway.concurrency, var.gateway.calls_per_minute, var.gateway.calls_at_once, var.gateway.open_at_once, var.gateway.recording_limit, var.gateway.session_limit] : count >= 1 && floor(count) == count]) && var.gateway.concurrency <= 1000 && var.gateway.recording_limit >= 4096 && var.gateway.recording_limit <= 4194304 && var.gateway.session_limit >= 65536 && var.gateway.session_limit <= 1073741824
    error_message = "Of the gateway, concurrency is 1 to 1000, calls_per_minute, calls_at_once and open_at_once are 1 at least, recording_limit is 4096 to 4194304 bytes, session_limit 65536 to 1073741824 bytes: all of them whole."
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

  validation {
    condition     = try(length([for mib in [try(tonumber(regex("^([0-9]+)Gi$", var.console.memory)[0]) * 1024, tonumber(regex("^([0-9]+)Mi$", var.console.memory)[0]))] : mib if mib >= local.memory_of_cpus[var.console.cpu].least && mib <= local.memory_of_cpus[var.console.cpu].most]) == 1, false)
    error_message = "cpu is 1, 2, 4, 6 or 8, and memory is what Cloud Run gives for so many: 512Mi to 4Gi for 1, 512Mi to 8Gi for 2, 2Gi to 16Gi for 4, 4Gi to 24Gi for 6, 4Gi to 32Gi for 8."
  }

  validation {
    condition     = var.console.min_instances >= 0 && var.console.max_instances >= max(var.console.min_instances, 1)
    error_message = "One instance of the console at most is the least, and no fewer at most than at least."
  }

  validation {
    condition     = var.console.iap_audience == null || can(regex("^/projects/[0-9]+/(global/backendServices/[0-9]+|locations/[a-z0-9-]+/services/[a-z0-9-]+)$", var.console.iap_audience))
    error_message = "The audience of IAP's assertions is /projects/NUMBER/global/backendServices/ID at a load balancer, with the project's number and not its id; unset it for Cloud Run's own."
  }

  validation {
    condition     = contains(["INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"], var.console.ingress)
    error_message = "The console's ingress is one of INGRESS_TRAFFIC_ALL, INGRESS_TRAFFIC_INTERNAL_ONLY, INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER."
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

  validation {
    condition     = try(length([for mib in [try(tonumber(regex("^([0-9]+)Gi$", var.keeper.memory)[0]) * 1024, tonumber(regex("^([0-9]+)Mi$", var.keeper.memory)[0]))] : mib if mib >= local.memory_of_cpus[var.keeper.cpu].least && mib <= local.memory_of_cpus[var.keeper.cpu].most]) == 1, false)
    error_message = "cpu is 1, 2, 4, 6 or 8, and memory is what Cloud Run gives for so many: 512Mi to 4Gi for 1, 512Mi to 8Gi for 2, 2Gi to 16Gi for 4, 4Gi to 24Gi for 6, 4Gi to 32Gi for 8."
  }

  validation {
    condition     = var.keeper.max_instances >= var.keeper.min_instances
    error_message = "No fewer instances of the keeper at most than at least."
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
    # What subjects are: agent, human, or email (service accounts are agents, other vouched addresses humans).
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

  validation {
    condition     = alltrue([for issuer in var.issuers : coalesce(issuer.preset, "oidc") != "github" || alltrue([for claim in ["repository_id", "job_workflow_ref", "environment"] : can(issuer.claims.require[claim])])])
    error_message = "GitHub vouches for every repository there is: an issuer of the preset github binds repository_id, job_workflow_ref and environment in claims.require."
  }

  validation {
    condition     = alltrue([for issuer in var.issuers : contains(["google", "github"], coalesce(issuer.preset, "oidc")) || issuer.issuer != null]) && alltrue([for issuer in var.issuers : coalesce(issuer.preset, "oidc") != "oidc" || issuer.subject_kind != null]) && alltrue([for issuer in var.issuers : contains(["spiffe", "agent-identity"], coalesce(issuer.preset, "oidc")) == (issuer.trust_domain != null)])
    error_message = "All but google and github name their issuer; oidc says its subject_kind (agent, human, email); spiffe and agent-identity, and only they, name a trust_domain."
  }

  validation {
    condition     = length(distinct([for issuer in var.issuers : coalesce(issuer.issuer, issuer.preset, "oidc")])) == length(var.issuers)
    error_message = "Every issuer is named once: give it several audiences instead."
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
    condition     = var.network == null || alltrue([for name, target in coalesce(try(var.network.targets, null), {}) : can(regex("^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$", name)) && name != "nothing-else" && length(target.ranges) > 0 && length(target.ports) > 0 && alltrue([for port in target.ports : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port))]) && alltrue([for range in target.ranges : can(cidrhost(range, 0)) && !endswith(range, "/0")])])
    error_message = "Each of the network's targets has a name in lower case (not «nothing-else»), ranges (10.1.2.0/24, never /0) and ports (5432, or 8000-8010)."
  }

  validation {
    condition     = var.network == null || contains(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"], try(var.network.egress, ""))
    error_message = "Egress is PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
  }

  validation {
    condition     = var.network == null || (alltrue([for name in [try(var.network.network, ""), try(var.network.subnetwork, "")] : can(regex("^(https://www\\.googleapis\\.com/compute/v1/)?(projects/[a-z0-9:.-]+/(global/networks|regions/[a-z0-9-]+/subnetworks)/)?[a-z]([a-z0-9-]*[a-z0-9])?$", name))]) && alltrue([for tag in try(var.network.tags, []) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", tag))]))
    error_message = "network and subnetwork are names, or projects/…/global/networks/… and projects/…/regions/…/subnetworks/…; tags are lower-case letters, digits and dashes."
  }

  validation {
    condition     = var.network == null || !strcontains(try(var.network.subnetwork, ""), "/regions/") || strcontains(try(var.network.subnetwork, ""), "/regions/${var.region}/")
    error_message = "The subnetwork must be in ${var.region}, as the services are."
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

  validation {
    condition     = var.load_balancer == null || (try(length(var.load_balancer.domain), 0) <= 63 && try(var.load_balancer.requests_per_minute, 0) >= 1 && try(floor(var.load_balancer.requests_per_minute) == var.load_balancer.requests_per_minute, false))
    error_message = "A domain of Google's certificates has 63 characters at most; requests_per_minute is a whole number from 1."
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
    # Whose tokens of it count, in CEL: assertion.repository_id == '123456789' for GitHub.
    attribute_condition = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for provider in values(var.workload_identity) : startswith(provider.issuer_uri, "https://") && length(provider.attribute_condition) > 0])
    error_message = "Each provider has an https issuer, and a condition that says whose tokens of it count: an issuer such as GitHub speaks for everybody."
  }

  validation {
    condition     = alltrue([for name, provider in var.workload_identity : can(regex("^[a-z0-9-]{4,32}$", name)) && !startswith(name, "gcp-") && can(provider.attribute_mapping["google.subject"])])
    error_message = "A provider's name has 4 to 32 lower-case letters, digits and dashes and does not begin with gcp-; its attribute_mapping says what google.subject is."
  }

  validation {
    condition     = alltrue([for provider in values(var.workload_identity) : provider.issuer_uri != "https://token.actions.githubusercontent.com" || can(regex("assertion\\.(repository_id|repository_owner_id|repository|repository_owner|sub)\\s*(==|in )|assertion\\.sub\\.startsWith\\(", provider.attribute_condition))])
    error_message = "GitHub vouches for every repository there is: attribute_condition compares assertion.repository_id or assertion.repository_owner_id (numbers, which nobody else can take over), or repository, repository_owner or sub."
  }
}
