import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { auditDefinitions } from '../../../src/audit/audit.ts';
import { evidenceDefinitions } from '../../../src/evidence/evidence.ts';
import { at, drop, every, list, of, type Plan, type Resource, type Rule, set, text, texts } from '../plan.ts';

/** What is kept: databases, tables, buckets, keys, secrets. */

const indexesSchema = z.object({
  indexes: z.array(
    z.object({ collectionGroup: z.string(), fields: z.array(z.object({ fieldPath: z.string(), order: z.string() })) }),
  ),
  fieldOverrides: z.array(
    z.object({
      collectionGroup: z.string(),
      fieldPath: z.string(),
      ttl: z.boolean().optional(),
      indexes: z.array(z.unknown()),
    }),
  ),
});
const indexes = indexesSchema.parse(
  JSON.parse(readFileSync(new URL('../../../firestore.indexes.json', import.meta.url), 'utf8')),
);

const evidence = evidenceDefinitions('acme-sallyport', { audit: 'sallyport_audit', evidence: 'sallyport_evidence' });
const day = 86_400;
const databases = ['sallyport-policy', 'sallyport-runtime'];
const isTable = (table: Resource) => list(table, 'view').length === 0;
const without = (wanted: readonly string[], found: readonly string[]) => wanted.filter((name) => !found.includes(name));

const fieldsOf = (resource: Resource) =>
  list(resource, 'fields')
    .map((_, place) => `${text(resource, `fields.${place}.field_path`)} ${text(resource, `fields.${place}.order`)}`)
    .join();

/** Where a plan has a key of one's own, what is encrypted names it there. */
const encrypted: Readonly<Record<string, string>> = {
  artifact_registry_repository: 'kms_key_name',
  bigquery_data_transfer_config: 'encryption_configuration.0.kms_key_name',
  bigquery_dataset: 'default_encryption_configuration.0.kms_key_name',
  cloud_run_v2_job: 'template.0.template.0.encryption_key',
  cloud_run_v2_service: 'template.0.encryption_key',
  firestore_database: 'cmek_config.0.kms_key_name',
  secret_manager_secret: 'replication.0.user_managed.0.replicas.0.customer_managed_encryption.0.kms_key_name',
  storage_bucket: 'encryption.0.default_kms_key_name',
};
const own = 'projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/sallyport';
const hasOwnKey = (plan: Plan) =>
  plan.some(({ address }) => address.startsWith('google_kms_crypto_key_iam_member.encryption'));

export const dataRules: readonly Rule[] = [
  {
    says: 'there are two databases, which can be set back to a moment and are not deleted unasked',
    broken: (plan) => [
      ...without(
        databases,
        of(plan, 'firestore_database').map((database) => text(database, 'name')),
      ),
      ...every(
        ['firestore_database'],
        (database) =>
          text(database, 'point_in_time_recovery_enablement') === 'POINT_IN_TIME_RECOVERY_ENABLED' &&
          text(database, 'delete_protection_state') === 'DELETE_PROTECTION_ENABLED',
      )(plan),
    ],
    planted: set('firestore_database.database["runtime"]', 'point_in_time_recovery_enablement', 'X'),
  },
  {
    says: 'each database is backed up every day and every week',
    broken: (plan) =>
      databases.flatMap((database) =>
        ['daily', 'weekly'].filter(
          (often) =>
            !of(plan, 'firestore_backup_schedule').some(
              (schedule) =>
                text(schedule, 'database') === database &&
                list(schedule, `${often}_recurrence`).length === 1 &&
                Number.parseInt(text(schedule, 'retention'), 10) >= 7 * day,
            ),
        ),
      ),
    planted: drop('firestore_backup_schedule.weekly["policy"]'),
  },
  {
    says: 'who comes from a browser or a phone is turned away from both databases',
    broken: (plan) => [
      ...without(
        databases.map((database) => `cloud.firestore/${database}`),
        of(plan, 'firebaserules_release').map((release) => text(release, 'name')),
      ),
      ...every(['firebaserules_ruleset'], (ruleset) => {
        const content = text(ruleset, 'source.0.files.0.content');
        return content.includes('allow read, write: if false;') && !/if true|if request/.test(content);
      })(plan),
    ],
    planted: set('firebaserules_ruleset.nobody', 'source.0.files.0.content', 'allow read, write: if true;'),
  },
  {
    says: 'composite indexes are those that the product’s own file names',
    broken: (plan) =>
      without(
        indexes.indexes.map(
          ({ collectionGroup, fields }) =>
            `${collectionGroup}: ${fields.map(({ fieldPath, order }) => `${fieldPath} ${order}`).join()}`,
        ),
        of(plan, 'firestore_index').map((index) => `${text(index, 'collection')}: ${fieldsOf(index)}`),
      ),
    planted: drop('firestore_index.runtime'),
  },
  {
    says: 'single fields are indexed and expire as the product’s own file says',
    broken: (plan) =>
      without(
        indexes.fieldOverrides.map(
          ({ collectionGroup, fieldPath, ttl, indexes: own }) =>
            `${collectionGroup}.${fieldPath} ${own.length} ${ttl ?? false}`,
        ),
        of(plan, 'firestore_field').map(
          (field) =>
            `${text(field, 'collection')}.${text(field, 'field')} ${list(field, 'index_config.0.indexes').length} ${list(field, 'ttl_config').length === 1}`,
        ),
      ),
    planted: set('firestore_field.runtime["endings-expire_at"]', 'index_config.0.indexes', []),
  },
  {
    says: 'tables of the trail are those of the product: partitioned by day, clustered, never read whole, never destroyed unasked',
    broken: (plan) => [
      ...without(
        auditDefinitions().map(({ name }) => name),
        of(plan, 'bigquery_table')
          .filter(isTable)
          .map((table) => text(table, 'table_id')),
      ),
      ...every(
        ['bigquery_table'],
        (table) =>
          !isTable(table) ||
          (text(table, 'time_partitioning.0.type') === 'DAY' &&
            texts(table, 'clustering').length > 0 &&
            at(table, 'require_partition_filter') === true &&
            at(table, 'deletion_protection') === true),
      )(plan),
    ],
    planted: set('bigquery_table.trail["events"]', 'require_partition_filter', false),
  },
  {
    says: 'the evidence’s views and questions are the product’s own, word by word',
    broken: (plan) => [
      ...without(
        evidence.views.map(({ name, query }) => `${name}: ${query}`),
        of(plan, 'bigquery_table').map((table) => `${text(table, 'table_id')}: ${text(table, 'view.0.query')}`),
      ),
      ...without(
        evidence.functions.map(({ name, body }) => `${name}: ${body}`),
        of(plan, 'bigquery_routine').map((each) => `${text(each, 'routine_id')}: ${text(each, 'definition_body')}`),
      ),
    ],
    planted: set('bigquery_table.evidence["events"]', 'view.0.query', 'SELECT 1'),
  },
  {
    says: 'a dataset is made without rights for whoever may edit or view the project, and is not deleted with what is in it',
    broken: every(['bigquery_dataset'], (dataset) => {
      const groups = list(dataset, 'access').map((_, place) => text(dataset, `access.${place}.special_group`));
      return groups.join() === 'projectOwners' && at(dataset, 'delete_contents_on_destroy') === false;
    }),
    planted: set('bigquery_dataset.audit', 'access', []),
  },
  {
    says: 'where auditors see some connections alone, who sees all is named for each table',
    broken: (plan) => {
      const policies = of(plan, 'bigquery_row_access_policy');
      const tables = new Set(policies.map((policy) => text(policy, 'table_id')));
      return [...tables].filter(
        (table) =>
          !policies.some(
            (policy) =>
              text(policy, 'table_id') === table &&
              text(policy, 'filter_predicate') === 'TRUE' &&
              texts(policy, 'grantees').some((member) => member.startsWith('serviceAccount:sallyport-console@')),
          ) ||
          !tables.has('events') ||
          !tables.has('recordings'),
      );
    },
    planted: drop('bigquery_row_access_policy.part["events-everything"]'),
  },
  {
    says: 'a bucket is nobody’s to see, keeps what was overwritten or lets nothing be, and is not emptied',
    broken: every(
      ['storage_bucket'],
      (bucket) =>
        at(bucket, 'uniform_bucket_level_access') === true &&
        text(bucket, 'public_access_prevention') === 'enforced' &&
        at(bucket, 'force_destroy') === false &&
        (at(bucket, 'versioning.0.enabled') === true ||
          Number(at(bucket, 'retention_policy.0.retention_period')) >= day),
    ),
    planted: set('storage_bucket.documents', 'public_access_prevention', 'inherited'),
  },
  {
    says: 'signing keys sign and do nothing else, and a version that is destroyed can be restored for 30 days',
    broken: every(
      ['kms_crypto_key'],
      (key) =>
        text(key, 'purpose') === 'ASYMMETRIC_SIGN' &&
        text(key, 'version_template.0.protection_level') === 'HSM' &&
        text(key, 'version_template.0.algorithm') === 'EC_SIGN_P256_SHA256' &&
        Number.parseInt(text(key, 'destroy_scheduled_duration'), 10) >= 30 * day,
    ),
    planted: set('kms_crypto_key.signing["approvals"]', 'version_template.0.protection_level', 'SOFTWARE'),
  },
  {
    says: 'Terraform destroys no secret unasked',
    broken: every(['secret_manager_secret'], (secret) => at(secret, 'deletion_protection') === true),
    planted: set('secret_manager_secret.secret', 'deletion_protection', false),
  },
  {
    says: 'a key of one’s own encrypts all that is kept',
    broken: (plan) =>
      hasOwnKey(plan)
        ? [
            ...every(Object.keys(encrypted), (resource) => {
              const place = encrypted[resource.type.replace('google_', '')] ?? '';
              return text(resource, place) === own;
            })(plan),
            ...every(
              ['bigquery_table'],
              (table) => !isTable(table) || text(table, 'encryption_configuration.0.kms_key_name') === own,
            )(plan),
          ]
        : [],
    planted: set('firestore_database.database["policy"]', 'cmek_config', []),
  },
];
