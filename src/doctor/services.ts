import { callerChecks } from './callers.ts';
import { each, type Found, fault, type Group, NotKnown, warning } from './check.ts';
import { type Facts, ofServices, type Part, roles, shortName } from './facts.ts';
import { nameOf, ofParts, update } from './parts.ts';

const digestIn = (image: string) => image.split('@')[1] ?? '';

async function readiness(facts: Facts): Promise<readonly Found[]> {
  const { project, name } = facts;
  return each(roles, project, async (role) => {
    const part = await facts.part(role);
    if (part === undefined)
      return [fault(`There is no service ${name}-${role}.`, `terraform apply; or say which with --region and --name.`)];
    const { terminalCondition, latestReadyRevision, latestCreatedRevision } = part.service;
    const logs = `gcloud run services logs read ${name}-${role} --project=${project} --region=${facts.region} --limit=50`;
    if (terminalCondition.state !== 'CONDITION_SUCCEEDED') return [fault(`${nameOf(part)} is not ready.`, logs)];
    if (latestReadyRevision !== latestCreatedRevision)
      return [
        fault(
          `The newest revision of ${nameOf(part)} (${shortName(latestCreatedRevision)}) did not become ready.`,
          logs,
        ),
      ];
    return [];
  });
}

async function images(facts: Facts): Promise<readonly Found[]> {
  const parts = await facts.parts();
  const unpinned = parts.filter(({ container }) => !/@sha256:[0-9a-f]{64}$/.test(container.image));
  if (unpinned.length > 0)
    return unpinned.map((part) =>
      fault(
        `${nameOf(part)} runs an image that is not named by its digest.`,
        'Set `image` to …@sha256:… and run terraform apply.',
      ),
    );
  const digests = new Set(parts.map(({ container }) => digestIn(container.image)));
  if (digests.size <= 1) return [];
  const each = parts.map((part) => `${part.role} ${digestIn(part.container.image).slice(0, 19)}…`).join(', ');
  return [
    fault(
      `The services run different images: ${each}.`,
      'Roll one digest out to all three: run the release again, or terraform apply with `image` set to it.',
    ),
  ];
}

function told(part: Part, facts: Facts): readonly Found[] {
  const [is, says] = [digestIn(part.container.image), part.environment['SALLYPORT_IMAGE_DIGEST'] ?? ''];
  if (is === says || is === '') return [];
  return [
    fault(
      `${nameOf(part)} writes ${says === '' ? 'no image digest' : 'another image’s digest'} into the trail than that of the image it runs.`,
      update(part, facts, `--update-env-vars=SALLYPORT_IMAGE_DIGEST=${is}`),
    ),
  ];
}

function traffic(part: Part, facts: Facts): readonly Found[] {
  const { trafficStatuses, latestReadyRevision } = part.service;
  const newest = shortName(latestReadyRevision);
  const served = trafficStatuses
    .filter(({ percent }) => percent > 0)
    .map(({ revision, percent }) => ({ revision: shortName(revision) || newest, percent }));
  const latest = `gcloud run services update-traffic ${nameOf(part)} --project=${facts.project} --region=${facts.region} --to-latest`;
  if (served.length === 0) return [fault(`${nameOf(part)} gets no traffic at all.`, latest)];
  if (served.length > 1)
    return [
      warning(
        `The traffic of ${nameOf(part)} is split: ${served.map(({ revision, percent }) => `${revision} ${percent} %`).join(', ')}.`,
        `Let the rollout end; or: ${latest}`,
      ),
    ];
  if (served[0]?.revision !== newest)
    return [
      warning(
        `All traffic of ${nameOf(part)} goes to ${served[0]?.revision}, while ${newest} is ready: it was rolled back, or never rolled out.`,
        latest,
      ),
    ];
  return [];
}

async function accounts(facts: Facts): Promise<readonly Found[]> {
  const parts = await facts.parts();
  return parts.flatMap((part) => {
    const meant = facts.account(part.role);
    return part.serviceAccount === meant
      ? []
      : [
          fault(
            `${nameOf(part)} runs as ${part.serviceAccount || 'the default service account'}, not as ${meant}.`,
            update(part, facts, `--service-account=${meant}`),
          ),
        ];
  });
}

/** May differ; the digest is looked at by itself. */
const ownWays = ['SALLYPORT_IMAGE_DIGEST', 'SALLYPORT_LOG_LEVEL'];

/** What only makes sense where all three say the same. The keeper has an audience of its own. */
async function alike(facts: Facts): Promise<readonly Found[]> {
  const parts = await facts.parts();
  const names = new Set(parts.flatMap(({ environment }) => Object.keys(environment)));
  for (const name of ownWays) names.delete(name);
  const differ = (name: string, of: readonly Part[]) =>
    new Set(of.map(({ environment }) => environment[name])).size > 1;
  return [...names].flatMap((name) => {
    const of = name === 'SALLYPORT_ISSUERS' ? parts.filter(({ role }) => role !== 'keeper') : parts;
    return differ(name, of)
      ? [
          fault(
            `${name} differs between ${of.map(nameOf).join(', ')}.`,
            'terraform apply, which sets it alike; or gcloud run services update … --update-env-vars.',
          ),
        ]
      : [];
  });
}

const minimumOf = ({ service }: Part) =>
  Math.max(service.scaling.minInstanceCount, service.template.scaling.minInstanceCount);

export const serviceChecks: Group = {
  name: 'services',
  title: 'Cloud Run services',
  checks: [
    {
      id: 'services.ready',
      promise: 'The gateway, the console and the keeper are there, and the newest revision of each is ready.',
      rights: ofServices,
      run: readiness,
    },
    { id: 'services.image', promise: 'All three run one image, named by its digest.', rights: ofServices, run: images },
    {
      id: 'services.digest',
      promise: 'Each writes the digest of the image that it runs into the trail.',
      rights: ofServices,
      run: ofParts(told),
    },
    {
      id: 'services.traffic',
      promise: 'All traffic of each goes to its newest ready revision.',
      rights: ofServices,
      run: ofParts(traffic),
    },
    {
      id: 'services.command',
      promise: 'Each runs its own role.',
      rights: ofServices,
      run: ofParts((part, facts) =>
        part.container.args.join(' ') === part.role
          ? []
          : [fault(`${nameOf(part)} does not run the role ${part.role}.`, update(part, facts, `--args=${part.role}`))],
      ),
    },
    {
      id: 'services.account',
      promise: 'Each runs as the service account that is its own.',
      rights: ofServices,
      run: accounts,
    },
    {
      id: 'services.cpu',
      promise: 'Each has its CPU between requests, too (instance-based billing).',
      rights: ofServices,
      run: ofParts((part, facts) =>
        part.container.resources.cpuIdle
          ? [
              fault(
                `${nameOf(part)} has no CPU between requests: documents go stale, and the trail is not shipped.`,
                update(part, facts, '--no-cpu-throttling'),
              ),
            ]
          : [],
      ),
    },
    {
      id: 'services.instances',
      promise: 'The keeper always has an instance.',
      rights: ofServices,
      run: ofParts((part, facts) =>
        part.role === 'keeper' && minimumOf(part) < 1
          ? [
              fault(
                `${nameOf(part)} may have no instance: without its beat, every call is refused after 30 s.`,
                `Set \`keeper.min_instances\` to 1 or more and run terraform apply; or: ${update(part, facts, '--min=1')}`,
              ),
            ]
          : [],
      ),
    },
    ...callerChecks,
    {
      id: 'services.environment',
      promise: 'The environment of each is valid, as the product itself reads it.',
      rights: ofServices,
      run: ofParts((part, facts) => {
        if (part.hidden.length > 0)
          throw new NotKnown(
            `${nameOf(part)} gets ${part.hidden.join(', ')} from secrets, so the environment cannot be judged from here.`,
            'No variable of the product is secret: set them as plain values, as Terraform does.',
          );
        return part.errors.map((line) =>
          fault(
            `${nameOf(part)}: ${line}.`,
            `Correct the input in Terraform and apply; or: ${update(part, facts, '--update-env-vars=…')} (docs/configuration.md describes each variable)`,
          ),
        );
      }),
    },
    {
      id: 'services.alike',
      promise: 'What must be the same for all three is the same.',
      rights: ofServices,
      run: alike,
    },
  ],
};
