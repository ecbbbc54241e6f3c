import { z } from 'zod';
import { p256 } from '../model/signature.ts';
import { each, type Found, fault, type Group, NotKnown, warning, word } from './check.ts';
import { type Facts, ofServices, type RoleName } from './facts.ts';
import { holding } from './grants.ts';
import { grantsOf, isEverybody, memberOf, policySchema } from './policies.ts';

/** Which part signs with a key, and which only verify. As terraform/keys.tf gives it. */
const uses: readonly {
  name: 'approvals' | 'checkpoints';
  what: string;
  signs: RoleName;
  verify: readonly RoleName[];
}[] = [
  { name: 'approvals', what: 'The key of decisions', signs: 'console', verify: ['gateway', 'keeper'] },
  { name: 'checkpoints', what: 'The key of checkpoints', signs: 'keeper', verify: ['console'] },
];
type Use = (typeof uses)[number];

async function versionOf(facts: Facts, { name }: Use): Promise<string> {
  const { approvalKey, checkpointKey } = await facts.config();
  return name === 'approvals' ? approvalKey : checkpointKey;
}

const keyOf = (version: string) => version.replace(/\/cryptoKeyVersions\/\d+$/, '');

async function usable(facts: Facts, use: Use): Promise<Found[]> {
  const version = await versionOf(facts, use);
  const found = await facts.google.find({
    api: 'cloudkms',
    path: `/v1/${version}`,
    answer: z.object({ state: z.string().default(''), algorithm: z.string().default('') }),
    permission: 'cloudkms.cryptoKeyVersions.get',
    of: `${use.what} (${version})`,
  });
  if (found === undefined) return [fault(`${use.what} is not there: ${version}.`, 'terraform apply')];
  if (found.algorithm !== 'EC_SIGN_P256_SHA256')
    return [
      fault(
        `${use.what} signs with ${found.algorithm || 'an algorithm that it does not tell'}; the product verifies EC_SIGN_P256_SHA256.`,
        'A key keeps its algorithm: make another (terraform/keys.tf) and name its version.',
      ),
    ];
  if (found.state !== 'ENABLED') {
    const [, project, location, ring, key, number] =
      /^projects\/([^/]+)\/locations\/([^/]+)\/keyRings\/([^/]+)\/cryptoKeys\/([^/]+)\/cryptoKeyVersions\/(\d+)$/.exec(
        version,
      ) ?? [];
    return [
      fault(
        `${use.what} is not enabled (${found.state || 'it tells no state'}): ${version}.`,
        `gcloud kms keys versions enable ${number} --key=${key} --keyring=${ring} --location=${location} --project=${project}`,
      ),
    ];
  }
  return [];
}

/** Who may use a key, on itself and on its ring. */
async function grantsOn(facts: Facts, version: string) {
  const key = keyOf(version);
  const ring = key.replace(/\/cryptoKeys\/.*$/, '');
  const read = (path: string, permission: string) =>
    facts.google.read({
      ...{ api: 'cloudkms', path: `/v1/${path}:getIamPolicy`, query: { 'options.requestedPolicyVersion': '3' } },
      ...{ answer: policySchema, permission, of: `Who may use ${path}` },
    });
  const [ofKey, ofRing] = await Promise.all([
    read(key, 'cloudkms.cryptoKeys.getIamPolicy'),
    read(ring, 'cloudkms.keyRings.getIamPolicy'),
  ]);
  return [
    ...grantsOf(ofKey).map((grant) => ({ ...grant, on: key })),
    ...grantsOf(ofRing).map((grant) => ({ ...grant, on: ring })),
  ];
}

function command(verb: 'add' | 'remove', on: string, member: string, role: string) {
  const [, project, location, ring, key] =
    /^projects\/([^/]+)\/locations\/([^/]+)\/keyRings\/([^/]+)(?:\/cryptoKeys\/(.+))?$/.exec(on) ?? [];
  const what =
    key === undefined
      ? `keyrings ${verb}-iam-policy-binding ${ring}`
      : `keys ${verb}-iam-policy-binding ${key} --keyring=${ring}`;
  return `gcloud kms ${what} --location=${location} --project=${project} --member=${word(member)} --role=${word(role)}`;
}

async function signing(facts: Facts, use: Use): Promise<Found[]> {
  const version = await versionOf(facts, use);
  const grants = await grantsOn(facts, version);
  const meant = memberOf(facts.account(use.signs));
  const may = await holding(facts, grants, 'cloudkms.cryptoKeyVersions.useToSign');
  const missing = may.some(({ member, condition }) => member === meant && condition === undefined)
    ? []
    : [
        fault(
          `The ${use.signs} may not sign with ${keyOf(version)}.`,
          `terraform apply; or: ${command('add', keyOf(version), meant, 'roles/cloudkms.signerVerifier')}`,
        ),
      ];
  const others = may.filter(({ member }) => member !== meant);
  return [
    ...missing,
    ...others.map(({ member, role, on }) => {
      const say = isEverybody(member) || member.startsWith(`serviceAccount:${facts.name}-`) ? fault : warning;
      const what =
        on === keyOf(version) ? `${on}: it could forge what only the ${use.signs} may say` : `every key of ${on}`;
      return say(`${member} may sign with ${what}.`, command('remove', on, member, role));
    }),
  ];
}

async function verifying(facts: Facts, use: Use): Promise<Found[]> {
  const version = await versionOf(facts, use);
  const grants = await grantsOn(facts, version);
  const may = await holding(facts, grants, 'cloudkms.cryptoKeyVersions.viewPublicKey');
  const lacking = use.verify.filter(
    (role) => !may.some(({ member, condition }) => member === memberOf(facts.account(role)) && condition === undefined),
  );
  return lacking.map((role) =>
    fault(
      `The ${role} may not see the public half of ${keyOf(version)}.`,
      `terraform apply; or: ${command('add', keyOf(version), memberOf(facts.account(role)), 'roles/cloudkms.publicKeyViewer')}`,
    ),
  );
}

const ofUses = (look: (facts: Facts, use: Use) => Promise<Found[]>) => (facts: Facts) =>
  each(uses, facts.project, (use) => look(facts, use));

export const keyChecks: Group = {
  name: 'keys',
  title: 'Signing keys',
  checks: [
    {
      id: 'keys.usable',
      promise: 'The keys of decisions and of checkpoints are enabled, and sign as the product verifies (EC P-256).',
      rights: [...ofServices, 'cloudkms.cryptoKeyVersions.get'],
      run: ofUses(usable),
    },
    {
      id: 'keys.signers',
      promise: 'The console alone signs decisions, the keeper alone checkpoints.',
      rights: [...ofServices, 'cloudkms.cryptoKeys.getIamPolicy', 'cloudkms.keyRings.getIamPolicy', 'iam.roles.get'],
      run: ofUses(signing),
    },
    {
      id: 'keys.verifiers',
      promise: 'Whoever verifies may see the public half.',
      rights: [...ofServices, 'cloudkms.cryptoKeys.getIamPolicy', 'cloudkms.keyRings.getIamPolicy', 'iam.roles.get'],
      run: ofUses(verifying),
    },
    {
      id: 'keys.public',
      promise: 'The public halves can be had, and are of EC P-256 and different.',
      rights: [...ofServices, 'cloudkms.cryptoKeyVersions.viewPublicKey'],
      local: true,
      async run(facts) {
        const keys = await Promise.all(
          uses.map(async (use) => {
            const version = await versionOf(facts, use);
            return facts.publicKey(version).catch(() => {
              throw new NotKnown(
                `The public half of ${version} could not be had.`,
                'It takes cloudkms.cryptoKeyVersions.viewPublicKey; see also keys.usable.',
              );
            });
          }),
        );
        const bad = keys.flatMap((pem, index) =>
          isP256(pem)
            ? []
            : [
                fault(
                  `${uses[index]?.what} is not EC P-256.`,
                  'A key keeps its algorithm: make another (terraform/keys.tf) and name its version.',
                ),
              ],
        );
        const same =
          keys[0] === keys[1]
            ? [
                fault(
                  'Decisions and checkpoints are signed with one key: whoever signs the one can sign the other.',
                  'Make a second key (terraform/keys.tf) and name its version.',
                ),
              ]
            : [];
        return [...bad, ...same];
      },
    },
  ],
};

function isP256(pem: string): boolean {
  try {
    return p256(pem) !== undefined;
  } catch {
    return false;
  }
}
