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

/** Predefined roles with `secretmanager.versions.access`. */
export const secretReaders = ['roles/secretmanager.secretAccessor', 'roles/secretmanager.admin', 'roles/owner'];

/** Predefined roles with `cloudkms.cryptoKeyVersions.useToSign`. */
export const signers = [
  'roles/cloudkms.signer',
  'roles/cloudkms.signerVerifier',
  'roles/cloudkms.cryptoOperator',
  'roles/owner',
];

/** Predefined roles with `cloudkms.cryptoKeyVersions.viewPublicKey`. */
export const keyViewers = [
  'roles/cloudkms.publicKeyViewer',
  'roles/cloudkms.signerVerifier',
  'roles/cloudkms.verifier',
  'roles/cloudkms.cryptoOperator',
];
