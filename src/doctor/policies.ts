import { z } from 'zod';

/** An IAM policy (`google.iam.v1.Policy`), with the audit configuration that a project's has. */
export const policySchema = z.object({
  bindings: z
    .array(
      z.object({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.object({ expression: z.string().default('') }).optional(),
      }),
    )
    .default([]),
  auditConfigs: z
    .array(
      z.object({
        service: z.string(),
        auditLogConfigs: z.array(z.object({ logType: z.string().default('') })).default([]),
      }),
    )
    .default([]),
});
export type Policy = z.output<typeof policySchema>;

/** Of nothing. */
export const nobody: Policy = { bindings: [], auditConfigs: [] };

/** A member with a role. */
export type Grant = { role: string; member: string; condition: string | undefined };

export const grantsOf = ({ bindings }: Policy): Grant[] =>
  bindings.flatMap(({ role, members, condition }) =>
    members.map((member) => ({ role, member, condition: condition?.expression })),
  );

export const isEverybody = (member: string) => member === 'allUsers' || member === 'allAuthenticatedUsers';

export const memberOf = (account: string) => `serviceAccount:${account}`;

/** Roles that let in at all that a project holds. */
export const basicRoles = [
  'roles/owner',
  'roles/editor',
  'roles/viewer',
  'roles/admin',
  'roles/writer',
  'roles/reader',
];

/** Google's own agents have what Google gives them. */
export const isGoogles = (member: string) =>
  /@(cloudservices|gcp-sa-[a-z-]+\.iam|serverless-robot-prod\.iam)\.gserviceaccount\.com$/.test(member);
