import { z } from 'zod';
import {
  agentSchema,
  connectionSchema,
  documentName,
  groupSchema,
  policySchema,
  transforms,
} from '../src/model/documents.ts';
import { settingsSchema as bigquery } from '../src/targets/bigquery/settings.ts';
import { settingsFields } from '../src/targets/http/settings.ts';
import { settingsSchema as kubernetes } from '../src/targets/kubernetes/settings.ts';
import { settingsSchema as postgres } from '../src/targets/postgres/settings.ts';
import { settingsSchema as ssh } from '../src/targets/ssh/settings.ts';

/** What of a JSON schema is looked at when planned. */
type Node = {
  properties?: Record<string, Node>;
  required?: string[];
  additionalProperties?: Node | boolean;
  items?: Node;
  anyOf?: Node[];
  enum?: string[];
  pattern?: string;
};

/**
 * What documents may say, as Terraform's validations look at it: names of fields, closed lists of values and patterns, all from the
 * product's own schemas. Throws where a schema has no such thing any more.
 */
export function shape(): string {
  const connection = read(connectionSchema);
  const policy = read(policySchema);
  const group = read(groupSchema);
  return `${JSON.stringify(
    {
      fields: {
        connections: fields(connection),
        policies: fields(policy),
        approval: fields(at(policy, 'approval')),
        limits: fields(at(connection, 'limits')),
        agents: fields(read(agentSchema)),
      },
      values: {
        kind: at(connection, 'kind').enum ?? missing('kinds'),
        unclassified: at(connection, 'unclassified').enum ?? missing('what unclassified can be'),
        record: at(connection, 'record').enum ?? missing('what is recorded'),
        verbs: at(policy, 'verbs').items?.enum ?? missing('verbs'),
        effect: at(policy, 'effect').enum ?? missing('effects'),
        transforms,
      },
      patterns: {
        name: pattern(read(documentName)),
        member: pattern(at(group, 'members').items),
        duration: pattern(at(connection, 'approval_wait')),
        secret: pattern(
          at(connection, 'credential').anyOf?.find(({ properties }) => properties?.['secret'])?.properties?.['secret'],
        ),
        class: '^[A-Z][A-Z0-9_]{0,79}$',
      },
      settings: {
        postgres: settings(postgres),
        bigquery: settings(bigquery),
        kubernetes: settings(kubernetes),
        ssh: settings(ssh),
        http: { fields: settingsFields, required: ['inject', 'origin'] },
      },
    },
    undefined,
    2,
  )}\n`;
}

const read = (schema: z.ZodType): Node => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;

const fields = ({ properties }: Node) => Object.keys(properties ?? missing('fields')).sort();

function settings(schema: z.ZodType) {
  const node = read(schema);
  return { fields: fields(node), required: (node.required ?? []).toSorted() };
}

const at = ({ properties }: Node, field: string): Node => properties?.[field] ?? missing(field);

/** Go's regular expressions know no escaped slash. */
const pattern = (node: Node | undefined) => (node?.pattern ?? missing('a pattern')).replaceAll('\\/', '/');

function missing(what: string): never {
  throw new Error(`The product's schemas do not say any more: ${what}.`);
}
