# The least that runs: agents with tokens of Google's service accounts, one PostgreSQL database, humans who approve.

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

module "sallyport" {
  source = "../.."

  project_id = var.project_id
  region     = var.region
  image      = var.image

  issuers = [{ preset = "google", audience = ["https://sallyport.example.com"] }]

  console = {
    members = ["group:sallyport-people@example.com"]
  }

  secrets = ["crm-gateway"]

  connections = {
    crm = {
      kind         = "postgres"
      settings     = { instance = "${var.project_id}:${var.region}:crm", database = "crm" }
      credential   = { secret = "projects/${var.project_id}/secrets/crm-gateway" }
      unclassified = "deny"
      limits       = { rows = 1000, seconds = 30 }
    }
  }

  classifications = {
    crm = { "public.users" = { email = "EMAIL_ADDRESS", ssn = "US_SOCIAL_SECURITY_NUMBER" } }
  }

  groups = {
    analysts            = { members = ["serviceAccount:bot@${var.project_id}.iam.gserviceaccount.com"] }
    sallyport-approvers = { members = ["user:dba@example.com"] }
    sallyport-admins    = { members = ["user:security-lead@example.com"] }
    sallyport-auditors  = { members = ["user:auditor@example.com"] }
  }

  policies = {
    analysts-read-crm = {
      principals  = ["group:analysts"]
      connections = ["crm"]
      verbs       = ["read"]
      resources   = ["public.*"]
      effect      = "allow"
    }
  }

  monitoring = {
    emails = ["oncall@example.com"]
  }
}

output "gateway_url" {
  description = "Where agents call."
  value       = module.sallyport.gateway_url
}

output "next_steps" {
  description = "What is left to do by hand."
  value       = module.sallyport.next_steps
}

output "secret_commands" {
  description = "How to put values into the secrets."
  value       = module.sallyport.secret_commands
}
