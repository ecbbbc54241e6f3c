/** Names of others that our documents speak of: none of our sources need hold them. */
const byOwner = {
  googleCloud:
    'osAdminLogin X-Serverless-Authorization referencedViews UpdateTable cloudsql.enable_pgaudit sqladmin.googleapis.com',
  organizationPolicies:
    'run.managed.requireInvokerIam run.allowedIngress internal-and-cloud-load-balancing iam.allowedPolicyMemberDomains gcp.resourceLocations gcp.restrictNonCmekServices gcp.restrictCmekCryptoKeyProjects iam.disableServiceAccountCreation iam.disableServiceAccountKeyCreation run.allowedVPCEgress all-traffic run.allowedBinaryAuthorizationPolicies gcp.restrictServiceUsage iam.workloadIdentityPoolProviders cloudbuild.allowedIntegrations cloudbuild.allowedWorkerPools compute.skipDefaultNetworkCreation compute.disableGlobalLoadBalancing compute.restrictLoadBalancerCreationForTypes EXTERNAL_MANAGED_HTTP_HTTPS',
  postgres:
    'pg_stat_statements log_statement log_min_duration_statement auto_explain pg_lsn SQL_ASCII pgaudit.log_parameter',
  openSsh: 'ControlMaster ForceCommand TrustedUserCAKeys',
  kubernetes: 'config.load_kube_config clientcmd.BuildConfigFromFlags',
  options: '--api --project_id --as --as-group --no-pager --unit --token --key --disable-proto --enable-source-maps',
  /** Of data that stands for a reader's own. */
  examples: 'email_template sallyport-prod sallyport- DB_URL PASSWORD_FILE VALUE_7',
};

export const foreign: ReadonlySet<string> = new Set(Object.values(byOwner).flatMap((names) => names.split(' ')));
