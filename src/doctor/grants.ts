import { z } from 'zod';
import type { Facts } from './facts.ts';
import type { Grant } from './policies.ts';

/** BigQuery's older names for who may do what with a dataset. */
const legacy: Readonly<Record<string, string>> = {
  READER: 'roles/bigquery.dataViewer',
  WRITER: 'roles/bigquery.dataEditor',
  OWNER: 'roles/bigquery.dataOwner',
};

/** A predefined role, or one of a project's or an organisation's own. */
const roleName = /^((projects\/[\w.:-]+|organizations\/\d+)\/)?roles\/[\w.]+$/;

const roleSchema = z.object({
  includedPermissions: z.array(z.string()).default([]),
  deleted: z.boolean().default(false),
});

/** What a role holds, as IAM itself says: no list of ours would be whole. Undefined where there is no such role. */
export async function permissionsOf({ google }: Facts, role: string): Promise<readonly string[] | undefined> {
  const name = legacy[role] ?? role;
  if (!roleName.test(name)) return undefined;
  const found = await google.find({
    api: 'iam',
    path: `/v1/${name}`,
    answer: roleSchema,
    permission: 'iam.roles.get',
    of: `The role ${name}`,
  });
  return found === undefined || found.deleted ? undefined : found.includedPermissions;
}

/** Those whose role holds one of these permissions. */
export async function holding<G extends Pick<Grant, 'role'>>(
  facts: Facts,
  grants: readonly G[],
  ...permissions: readonly string[]
): Promise<G[]> {
  const held = await Promise.all(grants.map(({ role }) => permissionsOf(facts, role)));
  return grants.filter((_, index) => held[index]?.some((one) => permissions.includes(one)));
}
