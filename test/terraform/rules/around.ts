import { at, every, list, of, type Resource, type Rule, set, text, texts } from '../plan.ts';

/** The edge, the network, releases, and what all resources have in common. */

type Part = Pick<Resource, 'values'>;
const parts = (resource: Resource, path: string): Part[] =>
  list(resource, path).map((part) => ({ values: Object.fromEntries(Object.entries(part ?? {})) }));
const throttles = (policy: Resource) => parts(policy, 'rule').filter((rule) => text(rule, 'action') === 'throttle');
const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];

/** Where labels stand. */
const labelled: Readonly<Record<string, string>> = {
  artifact_registry_repository: 'labels',
  bigquery_dataset: 'labels',
  bigquery_table: 'labels',
  cloud_run_v2_job: 'labels',
  cloud_run_v2_service: 'labels',
  kms_crypto_key: 'labels',
  monitoring_alert_policy: 'user_labels',
  monitoring_notification_channel: 'user_labels',
  monitoring_uptime_check_config: 'user_labels',
  secret_manager_secret: 'labels',
  storage_bucket: 'labels',
};

/** APIs without which an apply stops half-way. */
const needed: Readonly<Record<string, string>> = {
  artifact_registry_repository: 'artifactregistry',
  bigquery_data_transfer_config: 'bigquerydatatransfer',
  bigquery_dataset: 'bigquery',
  binary_authorization_policy: 'binaryauthorization',
  cloud_run_v2_service: 'run',
  cloud_scheduler_job: 'cloudscheduler',
  cloudbuild_trigger: 'cloudbuild',
  compute_backend_service: 'compute',
  container_analysis_note: 'containeranalysis',
  firebaserules_release: 'firebaserules',
  firestore_database: 'firestore',
  iam_workload_identity_pool: 'sts',
  iap_web_cloud_run_service_iam_member: 'iap',
  kms_key_ring: 'cloudkms',
  logging_project_sink: 'logging',
  monitoring_dashboard: 'monitoring',
  project_iam_member: 'cloudresourcemanager',
  secret_manager_secret: 'secretmanager',
  service_account: 'iam',
  service_account_iam_member: 'iamcredentials',
  storage_bucket: 'storage',
};

const isKnown = (resource: Resource, key: string) => Object.hasOwn(resource.values, key);

export const aroundRules: readonly Rule[] = [
  {
    says: 'every resource that can have labels says what it belongs to',
    broken: every(Object.keys(labelled), (resource) => {
      const place = labelled[resource.type.replace('google_', '')] ?? '';
      return text(resource, `${place}.app`) === 'sallyport';
    }),
    planted: set('storage_bucket.documents', 'labels', {}),
  },
  {
    says: 'each API that is used is turned on, and stays on for others when this is taken down',
    broken: (plan) => [
      ...Object.entries(needed)
        .filter(([type]) => of(plan, type).length > 0)
        .map(([, api]) => `${api}.googleapis.com`)
        .filter((api) => !of(plan, 'project_service').some((service) => text(service, 'service') === api)),
      ...every(['project_service'], (service) => at(service, 'disable_on_destroy') === false)(plan),
    ],
    planted: set('project_service.used["iap.googleapis.com"]', 'service', 'example.googleapis.com'),
  },
  {
    says: 'every service account says what it is for',
    broken: every(['service_account'], (each) => text(each, 'description').length > 20),
    planted: set('service_account.smoke', 'description', ''),
  },
  {
    says: 'what an address sends too much of is refused, and none but the named ranges are let in',
    broken: every(['compute_security_policy'], (policy) =>
      throttles(policy).every((rule) => {
        const ranges = texts(rule, 'match.0.config.0.src_ip_ranges');
        return (
          text(rule, 'rate_limit_options.0.conform_action') === 'allow' &&
          text(rule, 'rate_limit_options.0.exceed_action').startsWith('deny') &&
          text(rule, 'rate_limit_options.0.enforce_on_key') === 'IP' &&
          Number(at(rule, 'rate_limit_options.0.rate_limit_threshold.0.count')) <= 600 &&
          (ranges.length === 0 || ranges.join() === '203.0.113.0/24')
        );
      }),
    ),
    planted: set('compute_security_policy.edge', 'rule', [
      { action: 'throttle', match: [{ config: [{ src_ip_ranges: ['*'] }] }] },
    ]),
  },
  {
    says: 'OWASP’s rules that look for no statements are enforced where that is asked for',
    broken: every(
      ['compute_security_policy'],
      (policy) =>
        parts(policy, 'rule').filter(
          (rule) =>
            /scannerdetection|protocolattack|sessionfixation/.test(text(rule, 'match.0.expr.0.expression')) &&
            at(rule, 'preview') !== true &&
            text(rule, 'action') === 'deny(403)',
        ).length === 3,
    ),
    planted: set('compute_security_policy.edge', 'rule', []),
  },
  {
    says: 'the load balancer leads to the gateway and to nothing else, by its own address and port 443',
    broken: (plan) => [
      ...every(
        ['compute_region_network_endpoint_group'],
        (group) =>
          text(group, 'network_endpoint_type') === 'SERVERLESS' &&
          text(group, 'cloud_run.0.service') === 'sallyport-gateway',
      )(plan),
      ...every(
        ['compute_backend_service', 'compute_global_forwarding_rule'],
        (each) => text(each, 'load_balancing_scheme') === 'EXTERNAL_MANAGED',
      )(plan),
      ...every(
        ['compute_global_forwarding_rule'],
        (rule) => text(rule, 'port_range') === (rule.name === 'redirect' ? '80' : '443'),
      )(plan),
      ...every(
        ['compute_managed_ssl_certificate'],
        (certificate) => texts(certificate, 'managed.0.domains').join() === 'sallyport.example.com',
      )(plan),
    ],
    planted: set('compute_region_network_endpoint_group.gateway', 'cloud_run.0.service', 'sallyport-console'),
  },
  {
    says: 'what is refused in the network is every protocol to every private address; what is let through is TCP to named ports',
    broken: every(['compute_firewall'], (rule) =>
      list(rule, 'deny').length > 0
        ? text(rule, 'deny.0.protocol') === 'all' &&
          texts(rule, 'destination_ranges').toSorted().join() === privateRanges.join() &&
          ['gateway', 'console', 'keeper', 'documents'].every((part) =>
            texts(rule, 'target_tags').includes(`sallyport-${part}`),
          )
        : text(rule, 'allow.0.protocol') === 'tcp' &&
          texts(rule, 'allow.0.ports').length > 0 &&
          Number(at(rule, 'priority')) < 1000,
    ),
    planted: set('compute_firewall.targets', 'allow.0.protocol', 'all'),
  },
  {
    says: 'a release is a tag that somebody approved, built under an account of its own from the repository’s own file',
    broken: every(
      ['cloudbuild_trigger'],
      (trigger) =>
        at(trigger, 'approval_config.0.approval_required') === true &&
        text(trigger, 'filename') === 'cloudbuild.yaml' &&
        text(trigger, 'repository_event_config.0.push.0.tag').startsWith('^v') &&
        !at(trigger, 'repository_event_config.0.push.0.branch') &&
        list(trigger, 'repository_event_config.0.pull_request').length === 0 &&
        (!isKnown(trigger, 'service_account') || text(trigger, 'service_account').includes('sallyport-builder')),
    ),
    planted: set('cloudbuild_trigger.release', 'approval_config.0.approval_required', false),
  },
  {
    says: 'an image needs an attestation, and no other way lets it in but Google’s own policy',
    broken: every(
      ['binary_authorization_policy'],
      (policy) =>
        text(policy, 'default_admission_rule.0.evaluation_mode') === 'REQUIRE_ATTESTATION' &&
        text(policy, 'global_policy_evaluation_mode') === 'ENABLE' &&
        list(policy, 'admission_whitelist_patterns').length === 0 &&
        list(policy, 'cluster_admission_rules').length === 0,
    ),
    planted: set('binary_authorization_policy.release', 'default_admission_rule.0.evaluation_mode', 'ALWAYS_ALLOW'),
  },
  {
    says: 'images that have a name of a version are kept, and twenty of the newest',
    broken: every(['artifact_registry_repository'], (repository) => {
      const policies = parts(repository, 'cleanup_policies');
      return policies.every((policy) =>
        text(policy, 'action') === 'KEEP'
          ? Number(at(policy, 'most_recent_versions.0.keep_count')) >= 10
          : text(policy, 'condition.0.tag_state') === 'UNTAGGED',
      );
    }),
    planted: set('artifact_registry_repository.images', 'cleanup_policies', [
      { action: 'DELETE', condition: [{ tag_state: 'ANY' }] },
    ]),
  },
  {
    says: 'databases are of Firestore’s native mode, without App Engine, and Terraform leaves none behind',
    broken: every(
      ['firestore_database'],
      (database) =>
        text(database, 'type') === 'FIRESTORE_NATIVE' &&
        text(database, 'app_engine_integration_mode') === 'DISABLED' &&
        text(database, 'deletion_policy') === 'DELETE',
    ),
    planted: set('firestore_database.database["runtime"]', 'type', 'DATASTORE_MODE'),
  },
  {
    says: 'the trail can be read as it was a week ago, and no dataset of it lets tables expire by themselves',
    broken: every(
      ['bigquery_dataset'],
      (dataset) =>
        (text(dataset, 'dataset_id') !== 'sallyport_audit' || text(dataset, 'max_time_travel_hours') === '168') &&
        !at(dataset, 'default_table_expiration_ms') &&
        (dataset.name === 'logs'
          ? Number(at(dataset, 'default_partition_expiration_ms')) >= 365 * 86_400_000
          : !at(dataset, 'default_partition_expiration_ms')),
    ),
    planted: set('bigquery_dataset.audit', 'default_table_expiration_ms', 3_600_000),
  },
  {
    says: 'checkpoints are kept for a year at least, and for good where that was asked for',
    broken: every(
      ['storage_bucket'],
      (bucket) =>
        bucket.name !== 'checkpoints' ||
        (Number(at(bucket, 'retention_policy.0.retention_period')) >= 365 * 86_400 &&
          at(bucket, 'retention_policy.0.is_locked') === true),
    ),
    planted: set('storage_bucket.checkpoints', 'retention_policy.0.is_locked', false),
  },
  {
    says: 'a version of a secret that is destroyed by mistake can be had back for 30 days',
    broken: every(
      ['secret_manager_secret'],
      (secret) => Number.parseInt(text(secret, 'version_destroy_ttl'), 10) >= 30 * 86_400,
    ),
    planted: set('secret_manager_secret.secret', 'version_destroy_ttl', '86400s'),
  },
  {
    says: 'nothing is kept or run outside of the region that was named',
    broken: (plan) =>
      plan
        .filter((resource) =>
          ['location', 'location_id', 'region'].some(
            (place) => text(resource, place) !== '' && text(resource, place) !== 'europe-west1',
          ),
        )
        .map(({ address }) => address),
    planted: set('firestore_database.database["policy"]', 'location_id', 'us-central1'),
  },
  {
    says: 'documents are written again where they or the image changed, and what they were before is kept',
    broken: (plan) => [
      ...every(
        ['cloud_run_v2_job'],
        (job) => job.name !== 'documents' || /^[0-9a-f]{10}$/.test(text(job, 'run_execution_token')),
      )(plan),
      ...every(['storage_bucket'], (bucket) => {
        const kept = parts(bucket, 'lifecycle_rule').map((rule) => at(rule, 'condition.0.num_newer_versions'));
        return kept.every((count) => Number(count) >= 10);
      })(plan),
    ],
    planted: set('cloud_run_v2_job.documents', 'run_execution_token', 'always'),
  },
];
