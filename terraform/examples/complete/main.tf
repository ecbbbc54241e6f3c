# Everything that can be had: several targets, agents of GitHub and of a cluster, a private network, a load balancer, keys of one's own, a
# locked bucket for checkpoints, releases by Cloud Build.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.45, < 8.0"
    }
  }
}

# With a person's own credentials the API of Firebase rules refuses requests that name no project to be charged to.
provider "google" {
  project               = var.project_id
  region                = var.region
  billing_project       = var.project_id
  user_project_override = true
}

variable "project_id" {
  description = "The project that Sallyport lives in."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
  default     = "europe-west1"
}

variable "image" {
  description = "The image, by digest."
  type        = string
}

variable "encryption_key" {
  description = "The key that everything is encrypted with."
  type        = string
}

variable "notification_channel" {
  description = "Who hears of alerts."
  type        = string
}

module "sallyport" {
  source = "../.."

  project_id     = var.project_id
  region         = var.region
  image          = var.image
  labels         = { team = "platform", "data-class" = "audit" }
  encryption_key = var.encryption_key

  issuers = [
    { preset = "google", audience = ["https://sallyport.example.com"] },
    { preset = "gke", issuer = "https://container.googleapis.com/v1/projects/${var.project_id}/locations/${var.region}/clusters/agents", audience = ["https://sallyport.example.com"] },
    {
      preset   = "github"
      audience = ["https://sallyport.example.com"]
      claims = {
        require = {
          repository_id    = ["123456789"]
          job_workflow_ref = ["example/agents/.github/workflows/agent.yml@refs/heads/main"]
          environment      = ["production"]
        }
      }
    },
  ]

  gateway = {
    min_instances = 2
    max_instances = 100
    ingress       = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  }

  console = {
    members = ["group:sallyport-approvers@example.com", "group:sallyport-auditors@example.com"]
  }

  network = {
    network    = "projects/${var.project_id}/global/networks/prod"
    subnetwork = "projects/${var.project_id}/regions/${var.region}/subnetworks/sallyport"
    egress     = "ALL_TRAFFIC"
    targets = {
      crm     = { ranges = ["10.20.0.0/24"], ports = ["3307", "5432"] }
      cluster = { ranges = ["10.0.0.0/28"], ports = ["443"] }
    }
  }

  load_balancer = {
    domain              = "sallyport.example.com"
    requests_per_minute = 600
    allowed_ranges      = ["203.0.113.0/24"]
    waf                 = "enforce"
    redirect_http       = true
  }

  audit = {
    retention_days = { events = 2555, recordings = 400 }
    auditors       = ["group:sallyport-auditors@example.com"]
    auditors_of = {
      sales = { members = ["group:sales-auditors@example.com"], connections = ["crm"] }
    }
    # Irreversible: checkpoints cannot be deleted for seven years, by anybody.
    checkpoint_bucket = { name = "${var.project_id}-checkpoints", retention_days = 2555, lock = true }
  }

  workload_identity = {
    github = {
      issuer_uri        = "https://token.actions.githubusercontent.com"
      attribute_mapping = { "google.subject" = "assertion.sub", "attribute.repository_id" = "assertion.repository_id" }
      # Numbers: a name that was given up can be taken by somebody else.
      attribute_condition = "assertion.repository_id == '123456789' && assertion.ref == 'refs/heads/main'"
    }
  }

  secrets = ["crm-gateway", "bastion-gateway"]

  connections = {
    crm = {
      kind       = "postgres"
      settings   = { instance = "${var.project_id}:${var.region}:crm", database = "crm" }
      credential = { secret = "projects/${var.project_id}/secrets/crm-gateway" }
    }
    warehouse = {
      kind       = "bigquery"
      settings   = { project = var.project_id, location = "EU" }
      credential = { service_account = "warehouse-reader@${var.project_id}.iam.gserviceaccount.com" }
    }
    cluster = {
      kind       = "kubernetes"
      settings   = { server = "https://10.0.0.2", networks = ["10.0.0.0/28"] }
      credential = { service_account = "cluster-user@${var.project_id}.iam.gserviceaccount.com" }
    }
  }

  classifications = {
    crm = { "public.users" = { email = "EMAIL_ADDRESS", ssn = "US_SOCIAL_SECURITY_NUMBER" } }
  }

  groups = {
    sallyport-admins    = { members = ["user:security-lead@example.com"] }
    sallyport-auditors  = { members = ["user:auditor@example.com"] }
    sallyport-approvers = { members = ["user:dba@example.com"] }
    analysts            = { members = ["serviceAccount:bot@${var.project_id}.iam.gserviceaccount.com"] }
  }

  policies = {
    analysts-read = {
      principals  = ["group:analysts"]
      connections = ["crm", "warehouse"]
      verbs       = ["read"]
      effect      = "allow"
    }
  }

  agents = {
    bot = { member = "serviceAccount:bot@${var.project_id}.iam.gserviceaccount.com", owner = "user:lead@example.com", description = "Answers questions of sales." }
  }

  monitoring = {
    emails   = ["oncall@example.com"]
    channels = [var.notification_channel]
  }

  storage_log_bucket = "${var.project_id}-storage-logs"

  build = {
    repository = "projects/${var.project_id}/locations/${var.region}/connections/github/repositories/sallyport"
  }
}

output "gateway_url" {
  description = "Where agents call."
  value       = module.sallyport.gateway_url
}

output "service_accounts" {
  description = "What targets must let in."
  value       = module.sallyport.service_accounts
}

output "next_steps" {
  description = "What is left to do by hand."
  value       = module.sallyport.next_steps
}

output "secret_commands" {
  description = "How to put values into the secrets."
  value       = module.sallyport.secret_commands
}
