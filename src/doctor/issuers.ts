import { type IssuerConfig, usableKeys } from '../identity/identity.ts';
import { each, type Found, fault, type Group, unknown, warning } from './check.ts';
import { type Facts, ofServices } from './facts.ts';

/** The issuers of all parts, each once. Of the local stand: those of all. */
async function issuersOf(facts: Facts): Promise<readonly IssuerConfig[]> {
  if (facts.local) return (await facts.config()).issuers;
  const parts = await facts.parts();
  const all = parts.flatMap(({ config }) => config?.issuers ?? []);
  return [...new Map(all.map((issuer) => [issuer.issuer, issuer])).values()];
}

async function keys(facts: Facts): Promise<Found[]> {
  return each(await issuersOf(facts), facts.project, async (issuer) => {
    let reached = true;
    // An issuer may be reachable for the gateway alone, so that nobody answers is not its fault.
    const fetch: typeof globalThis.fetch = (address, options) =>
      facts.fetch(address, options).catch((error: unknown) => {
        reached = false;
        throw error;
      });
    const mend =
      'Correct the issuer in `issuers` (issuer, discovery or jwks_uri; docs/identity.md) and run terraform apply.';
    try {
      const count = await usableKeys(issuer, fetch);
      if (count > 0) return [];
      return [
        fault(
          `No key of ${issuer.issuer} is fit to verify ${issuer.algorithms.join(', ')}.`,
          `Name its algorithms in \`issuers\` (docs/identity.md) and run terraform apply.`,
        ),
      ];
    } catch (error) {
      if (!reached)
        return [
          unknown(
            `The keys of ${issuer.issuer} cannot be reached from here.`,
            'Run it where the issuer can be reached; the gateway itself logs when it cannot refresh keys.',
          ),
        ];
      return [
        fault(
          `The keys of ${issuer.issuer} cannot be used: ${error instanceof Error ? error.message : 'unreadable.'}`,
          mend,
        ),
      ];
    }
  });
}

/** Audiences that tokens are made for by default, by everybody: a token that was meant for something else would do. */
const common = [
  'https://iam.googleapis.com',
  'https://kubernetes.default.svc',
  'https://kubernetes.default.svc.cluster.local',
  '32555940559.apps.googleusercontent.com',
  '764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com',
];

async function audiences(facts: Facts): Promise<Found[]> {
  const parts = await facts.parts();
  const of = (role: string) => parts.find((part) => part.role === role)?.config?.issuers ?? [];
  const [gateway, keeper] = [of('gateway'), of('keeper')];
  const keepers = keeper.flatMap((issuer) => issuer.audiences);
  const shared = gateway.flatMap((issuer) => issuer.audiences.filter((audience) => keepers.includes(audience)));
  return [...new Set(shared)]
    .map((audience) =>
      fault(
        `The gateway and the keeper take tokens for the same audience, ${audience}: a token for the one is good for the other.`,
        'Give the gateway an audience of its own in `issuers` and run terraform apply.',
      ),
    )
    .concat(
      gateway.flatMap((issuer) =>
        issuer.audiences
          .filter((audience) => common.includes(audience) || audience.startsWith('http://'))
          .map((audience) =>
            warning(
              `Tokens of ${issuer.issuer} are taken that are for ${audience}, which is not the gateway alone.`,
              'Name the gateway’s own address as the audience in `issuers` and run terraform apply.',
            ),
          ),
      ),
    );
}

export const issuerChecks: Group = {
  name: 'issuers',
  title: 'Issuers of tokens',
  checks: [
    {
      id: 'issuers.keys',
      promise: 'Each issuer answers for itself, and has keys that are fit to verify.',
      rights: ofServices,
      local: true,
      run: keys,
    },
    {
      id: 'issuers.audiences',
      promise: 'Tokens are taken that are for the gateway alone.',
      rights: ofServices,
      run: audiences,
    },
  ],
};
