import { at, drop, every, list, of, type Plan, type Resource, type Rule, set, text, texts } from '../plan.ts';

/** What is logged, and who hears of what. */

const without = (wanted: readonly string[], found: readonly string[]) => wanted.filter((name) => !found.includes(name));
const metricNames = (plan: Plan) => of(plan, 'logging_metric').map((metric) => text(metric, 'name'));
const conditions = (alert: Resource) =>
  list(alert, 'conditions').map((_, place) =>
    ['condition_threshold', 'condition_absent', 'condition_matched_log']
      .map((kind) => text(alert, `conditions.${place}.${kind}.0.filter`))
      .join(''),
  );
const alertFilters = (plan: Plan) => of(plan, 'monitoring_alert_policy').flatMap(conditions);

/** Log metrics that somebody must hear of. */
const counted = [
  'unknown-outcome',
  'break-glass',
  'checkpoint-late',
  'retention-shortened',
  'approval-forged',
  'host-key-changed',
  'row-refused',
  'strangers',
  'refusal-burst',
  'fault',
  'audit-lag',
].map((name) => `sallyport/${name}`);

/** What log entries of Google Cloud are looked for, by a word that stands in the filter. */
const watched = [
  'AccessSecretVersion',
  'serviceAccountKeyName',
  '/datasets/sallyport_audit',
  'DestroyCryptoKeyVersion',
  // What the benchmark of the Center for Internet Security asks for (2.4 to 2.10).
  'bindingDeltas',
  'auditConfigDeltas',
  '(Create|Update|Delete|Undelete)Role',
  'storage.setIamPermissions',
  'firewalls|',
  'routes|',
  '|networks|',
];

const services = ['secretmanager', 'bigquery', 'cloudkms', 'datastore', 'iam', 'storage'];

export const watchingRules: readonly Rule[] = [
  {
    says: 'reads of secrets, of the trail and of keys are logged, and nobody but the product’s own writes to Firestore is exempt',
    broken: (plan) => [
      ...without(
        services.map((service) => `${service}.googleapis.com`),
        of(plan, 'project_iam_audit_config').map((config) => text(config, 'service')),
      ),
      ...every(['project_iam_audit_config'], (config) =>
        list(config, 'audit_log_config').every((_, place) => {
          const exempted = texts(config, `audit_log_config.${place}.exempted_members`);
          const isOwn = exempted.every((member) => /^serviceAccount:sallyport-(gateway|console|keeper)@/.test(member));
          return exempted.length === 0 || (text(config, 'service') === 'datastore.googleapis.com' && isOwn);
        }),
      )(plan),
      ...every(
        ['project_iam_audit_config'],
        (config) =>
          text(config, 'service') === 'datastore.googleapis.com' ||
          list(config, 'audit_log_config').some(
            (_, place) => text(config, `audit_log_config.${place}.log_type`) === 'DATA_READ',
          ),
      )(plan),
    ],
    planted: drop('project_iam_audit_config.access["secretmanager.googleapis.com"]'),
  },
  {
    says: 'a sink with an identity of its own keeps these logs where the evidence reads them',
    broken: (plan) => [
      ...(of(plan, 'logging_project_sink').length === 0 ? ['a sink'] : []),
      ...every(
        ['logging_project_sink'],
        (sink) =>
          at(sink, 'unique_writer_identity') === true &&
          at(sink, 'bigquery_options.0.use_partitioned_tables') === true &&
          ['secretmanager', 'bigquery', 'cloudkms', 'firestore', 'iamcredentials'].every((service) =>
            text(sink, 'filter').includes(`"${service}.googleapis.com"`),
          ),
      )(plan),
    ],
    planted: set('logging_project_sink.access', 'filter', 'protoPayload.serviceName="datastore.googleapis.com"'),
  },
  {
    says: 'logs become the records that the evidence compares the trail with',
    broken: (plan) =>
      without(
        ['secret_manager', 'audit_tables'],
        of(plan, 'bigquery_data_transfer_config')
          .filter(
            (query) =>
              text(query, 'service_account_name').startsWith('sallyport-collector@') &&
              text(query, 'params.query').includes('INSERT INTO `acme-sallyport.sallyport_audit.target_records`') &&
              !/@(from|to|connection)\b|`sallyport_logs/.test(text(query, 'params.query')),
          )
          .map(({ index }) => String(index)),
      ),
    planted: set('bigquery_data_transfer_config.collect["audit_tables"]', 'params.query', 'SELECT @from'),
  },
  {
    says: 'what the product tells is counted, and somebody hears of all that is counted',
    broken: (plan) => [
      ...without(counted, metricNames(plan)),
      ...counted.filter((name) => !alertFilters(plan).some((filter) => filter.includes(`/user/${name}"`))),
    ],
    planted: drop('monitoring_alert_policy.alert["break-glass"]'),
  },
  {
    says: 'somebody hears of what happens around the product: secrets read, keys made, tables changed',
    broken: (plan) => watched.filter((word) => !alertFilters(plan).some((filter) => filter.includes(word))),
    planted: drop('monitoring_alert_policy.watched["secret-read-elsewhere"]'),
  },
  {
    says: 'an alert says what to do, how bad it is, and to whom',
    broken: every(
      ['monitoring_alert_policy'],
      (alert) =>
        text(alert, 'documentation.0.content').length > 40 &&
        ['CRITICAL', 'ERROR', 'WARNING'].includes(text(alert, 'severity')) &&
        list(alert, 'notification_channels').length > 0 &&
        at(alert, 'enabled') !== false,
    ),
    planted: set('monitoring_alert_policy.audit_lag', 'documentation', []),
  },
  {
    says: 'an alert on one event is told at once, one on many after that many',
    broken: every(['monitoring_alert_policy'], (alert) => {
      const one = /^google_monitoring_alert_policy\.alert\["(?!refusal-burst|fault)/.test(alert.address);
      return !one || at(alert, 'conditions.0.condition_threshold.0.threshold_value') === 0;
    }),
    planted: set(
      'monitoring_alert_policy.alert["unknown-outcome"]',
      'conditions.0.condition_threshold.0.threshold_value',
      100,
    ),
  },
  {
    says: 'somebody hears when the keeper falls silent or the trail lags',
    broken: every(
      ['monitoring_alert_policy'],
      (alert) =>
        alert.name !== 'audit_lag' ||
        (Number(at(alert, 'conditions.0.condition_threshold.0.threshold_value')) <= 900 &&
          list(alert, 'conditions').some(
            (_, place) => list(alert, `conditions.${place}.condition_absent`).length === 1,
          )),
    ),
    planted: set('monitoring_alert_policy.audit_lag', 'conditions', []),
  },
  {
    says: 'the gateway and the console are asked from outside, with certificates that hold, by paths that Google does not keep for itself',
    broken: (plan) => [
      ...without(
        ['Sallyport gateway', 'Sallyport console'],
        of(plan, 'monitoring_uptime_check_config').map((check) => text(check, 'display_name')),
      ),
      ...every(
        ['monitoring_uptime_check_config'],
        (check) =>
          at(check, 'http_check.0.use_ssl') === true &&
          at(check, 'http_check.0.validate_ssl') === true &&
          !text(check, 'http_check.0.path').endsWith('z'),
      )(plan),
    ],
    planted: set('monitoring_uptime_check_config.gateway', 'http_check.0.path', '/healthz'),
  },
  {
    says: 'a dashboard is there',
    broken: (plan) => (of(plan, 'monitoring_dashboard').length === 1 ? [] : ['a dashboard']),
    planted: drop('monitoring_dashboard.overview'),
  },
  {
    says: 'one condition of an alert is enough, and one that is exceeded is told within minutes',
    broken: every(
      ['monitoring_alert_policy'],
      (alert) =>
        text(alert, 'combiner') === 'OR' &&
        list(alert, 'conditions').every((_, place) => {
          const threshold = `conditions.${place}.condition_threshold`;
          return (
            list(alert, threshold).length === 0 ||
            (text(alert, `${threshold}.0.comparison`) === 'COMPARISON_GT' &&
              Number.parseInt(text(alert, `${threshold}.0.duration`), 10) <= 300)
          );
        }),
    ),
    planted: set('monitoring_alert_policy.audit_lag', 'combiner', 'AND'),
  },
  {
    says: 'somebody hears when a service fails or does not answer, within minutes',
    broken: (plan) => [
      ...(of(plan, 'monitoring_alert_policy').some((alert) => alert.name === 'down') ? [] : ['an alert on uptime']),
      ...every(
        ['monitoring_alert_policy'],
        (alert) =>
          !['failing', 'down'].includes(alert.name) ||
          Number(at(alert, 'conditions.0.condition_threshold.0.threshold_value')) <= 1,
      )(plan),
      ...every(
        ['monitoring_uptime_check_config'],
        (check) => Number.parseInt(text(check, 'period'), 10) <= 300 && at(check, 'log_check_failures') === true,
      )(plan),
    ],
    planted: set('monitoring_alert_policy.failing', 'conditions.0.condition_threshold.0.threshold_value', 1e6),
  },
  {
    says: 'what the product tells is counted of its own services alone',
    broken: every(
      ['logging_metric'],
      (metric) =>
        !counted.includes(text(metric, 'name')) ||
        text(metric, 'filter').startsWith(
          'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^sallyport-(gateway|console|keeper)$"',
        ),
    ),
    planted: set('logging_metric.alert["break-glass"]', 'filter', 'jsonPayload.kind="break-glass"'),
  },
  {
    says: 'of each service that is logged, reads, writes and changes of its settings are',
    broken: every(['project_iam_audit_config'], (config) => {
      const types = list(config, 'audit_log_config').map((_, place) =>
        text(config, `audit_log_config.${place}.log_type`),
      );
      const wanted = ['ADMIN_READ', 'DATA_READ', 'DATA_WRITE'];
      return text(config, 'service') === 'datastore.googleapis.com'
        ? types.includes('ADMIN_READ') && types.includes('DATA_WRITE')
        : wanted.every((type) => types.includes(type));
    }),
    planted: set('project_iam_audit_config.access["cloudkms.googleapis.com"]', 'audit_log_config', [
      { log_type: 'DATA_READ' },
    ]),
  },
  {
    says: 'the sink leaves out nothing but the product’s own appends',
    broken: every(
      ['logging_project_sink'],
      (sink) =>
        at(sink, 'disabled') !== true &&
        list(sink, 'exclusions').length === 1 &&
        /^protoPayload\.serviceName="bigquery\.googleapis\.com" AND protoPayload\.methodName:"InsertAll" AND protoPayload\.authenticationInfo\.principalEmail=\("sallyport-gateway@[^)]*"\)$/.test(
          text(sink, 'exclusions.0.filter'),
        ),
    ),
    planted: set(
      'logging_project_sink.access',
      'exclusions.0.filter',
      'protoPayload.serviceName="bigquery.googleapis.com"',
    ),
  },
  {
    says: 'logs are compared with the trail every quarter of an hour, and not switched off',
    broken: every(
      ['bigquery_data_transfer_config'],
      (query) => text(query, 'schedule') === 'every 15 minutes' && at(query, 'disabled') !== true,
    ),
    planted: set('bigquery_data_transfer_config.collect', 'schedule', 'every 24 hours'),
  },
];
