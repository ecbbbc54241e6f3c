import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Gcloud } from './gcloud.ts';

/** How a service stands: which revisions get how much of its traffic, and which are tagged. */
export type Standing = {
  service: string;
  url: string;
  /** Whether Cloud Run itself checks who calls, beside the product's own check. */
  checksCallers: boolean;
  /** The newest revision, ready or not. */
  newest: string;
  /** Percent by revision; those that get nothing are not in it. */
  traffic: Readonly<Record<string, number>>;
  tags: Readonly<Record<string, { revision: string; url: string }>>;
};

type Revision = {
  ready: boolean;
  /** The digest that it runs and says that it runs; undefined where these are not the same. */
  digest: string | undefined;
};

type Route = {
  /** Percent by revision, a hundred in all; `latest`: all to the newest, also to those that come. */
  to?: Readonly<Record<string, number>> | 'latest';
  tag?: Readonly<Record<string, string>>;
  untag?: readonly string[];
};

/** The few things that a release asks of Cloud Run. */
export type CloudRun = {
  look(service: string): Promise<Standing>;
  revision(name: string): Promise<Revision>;
  /** Makes a revision of this image that gets no traffic, and resolves with its name once it is ready. */
  deploy(service: string, image: string): Promise<string>;
  /** Throws when the traffic is not what was asked for afterwards. */
  route(service: string, route: Route): Promise<void>;
};

const DIGEST = 'SALLYPORT_IMAGE_DIGEST';
const OPEN = 'run.googleapis.com/invoker-iam-disabled';

const serviceSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  status: z.object({
    url: z.url(),
    latestCreatedRevisionName: z.string(),
    traffic: z.array(
      z.object({
        revisionName: z.string(),
        percent: z.int().default(0),
        tag: z.string().optional(),
        url: z.string().default(''),
      }),
    ),
  }),
});

const revisionSchema = z.object({
  spec: z.object({
    containers: z.tuple([
      z.object({
        image: z.string(),
        env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
      }),
    ]),
  }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
});

/**
 * A revision is tagged after it was made, and is never given a name: with `--tag` or `--revision-suffix` gcloud writes the name into the
 * service's template, where the next `terraform apply` would ask for a second revision of the same name.
 */
export function createCloudRun(gcloud: Gcloud, region: string): CloudRun {
  const at = `--region=${region}`;

  async function look(service: string): Promise<Standing> {
    const { metadata, status } = serviceSchema.parse(await gcloud.ask('run', 'services', 'describe', service, at));
    const traffic: Record<string, number> = {};
    for (const { revisionName, percent } of status.traffic) {
      if (percent > 0) traffic[revisionName] = (traffic[revisionName] ?? 0) + percent;
    }
    return {
      service,
      url: status.url,
      checksCallers: metadata.annotations[OPEN] !== 'true',
      newest: status.latestCreatedRevisionName,
      traffic,
      tags: Object.fromEntries(
        status.traffic.flatMap(({ tag, revisionName: revision, url }) =>
          tag === undefined ? [] : [[tag, { revision, url }]],
        ),
      ),
    };
  }

  async function revision(name: string): Promise<Revision> {
    const { spec, status } = revisionSchema.parse(await gcloud.ask('run', 'revisions', 'describe', name, at));
    const [{ image, env }] = spec.containers;
    const runs = image.split('@')[1];
    const says = env.find((variable) => variable.name === DIGEST)?.value;
    return {
      ready: status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
      digest: runs === says ? runs : undefined,
    };
  }

  return {
    look,
    revision,
    async deploy(service, image) {
      const digest = digestOf(image);
      await gcloud.tell(
        ...['run', 'services', 'update', service, at, '--no-traffic'],
        ...[`--image=${image}`, `--update-env-vars=${DIGEST}=${digest}`],
      );
      const { newest } = await look(service);
      const made = await revision(newest);
      if (!made.ready) throw new Error(`${newest} is not ready.`);
      if (made.digest !== digest) throw new Error(`${newest} does not run ${digest}, or does not say that it does.`);
      return newest;
    },
    async route(service, { to, tag, untag }) {
      await gcloud.tell(
        ...['run', 'services', 'update-traffic', service, at],
        ...(to === 'latest' ? ['--to-latest'] : listed('--to-revisions', to)),
        ...listed('--update-tags', tag),
        ...(untag === undefined ? [] : [`--remove-tags=${untag.join(',')}`]),
      );
      if (to === undefined) return;
      const { traffic, newest } = await look(service);
      if (!isDeepStrictEqual(traffic, to === 'latest' ? { [newest]: 100 } : { ...to }))
        throw new Error(`The traffic of ${service} is ${JSON.stringify(traffic)}, and not what was asked for.`);
    },
  };
}

/** `sha256:…` of an image that is named by it. Throws for one that is named by a tag. */
export function digestOf(image: string): string {
  const digest = image.split('@')[1];
  if (digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Error(`${image} is not named by digest.`);
  return digest;
}

function listed(flag: string, entries: Readonly<Record<string, string | number>> | undefined): string[] {
  if (entries === undefined) return [];
  return [
    `${flag}=${Object.entries(entries)
      .map(([key, value]) => `${key}=${value}`)
      .join(',')}`,
  ];
}
