import { z } from 'zod';
import { type Config, ConfigError, readConfig } from '../config.ts';
import type { GoogleRest } from '../platform/google-rest.ts';
import type { Store } from '../platform/store.ts';
import { NotKnown } from './check.ts';
import { type Documents, readDocuments } from './documents-read.ts';
import { policySchema } from './policies.ts';
import { readStore } from './stored.ts';

/** What reading the three services, and so their configuration, takes. */
export const ofServices = ['run.services.get', 'run.revisions.get'] as const;

export const roles = ['gateway', 'console', 'keeper'] as const;
export type RoleName = (typeof roles)[number];

/** What a deployment is called. */
type Place = { project: string; region: string; name: string };

export type Stores = { policy: Store; runtime: Store; close(): Promise<void> };

/** What Cloud Run answers outside of any API: without credentials, following nothing. */
export type Visit = (address: string) => Promise<{ status: number; date: Date | undefined; body: string }>;

export type FactsDeps = {
  place: Place;
  google: GoogleRest;
  /** Opened once it is known where they are. */
  openStores: (config: Config) => Promise<Stores>;
  /** The public half of a KMS key version, as PEM. */
  publicKey: (keyVersion: string) => Promise<string>;
  visit: Visit;
  /** For issuers' keys. */
  fetch: typeof globalThis.fetch;
  now: () => Date;
  /** Of the local stand: no Cloud Run, no IAM. */
  local?: { config: Config; addresses: Record<RoleName, string> };
};

const containerSchema = z.object({
  image: z.string().default(''),
  args: z.array(z.string()).default([]),
  env: z
    .array(z.object({ name: z.string(), value: z.string().default(''), valueSource: z.unknown().optional() }))
    .default([]),
  resources: z.object({ cpuIdle: z.boolean().default(false) }).prefault({}),
});

const scalingSchema = z.object({ minInstanceCount: z.int().default(0) }).prefault({});

/** Of `google.cloud.run.v2.Service`: what the checks look at. proto3's JSON leaves out what is false, zero or empty. */
const serviceSchema = z.object({
  uri: z.union([z.literal(''), z.url({ protocol: /^https$/ })]).default(''),
  /** All addresses that it has. */
  urls: z.array(z.string()).default([]),
  ingress: z.string().default(''),
  invokerIamDisabled: z.boolean().default(false),
  iapEnabled: z.boolean().default(false),
  latestReadyRevision: z.string().default(''),
  latestCreatedRevision: z.string().default(''),
  terminalCondition: z.object({ state: z.string().default('') }).prefault({}),
  trafficStatuses: z
    .array(
      z.object({
        type: z.string().default(''),
        revision: z.string().default(''),
        percent: z.int().default(0),
        tag: z.string().default(''),
      }),
    )
    .default([]),
  scaling: scalingSchema,
  template: z.object({ scaling: scalingSchema }).prefault({}),
});
type Service = z.output<typeof serviceSchema>;

/** Of `google.cloud.run.v2.Revision`. */
const revisionSchema = z.object({
  serviceAccount: z.string().default(''),
  containers: z.array(containerSchema).default([]),
});

/** A service with the revision that serves it. */
export type Part = {
  role: RoleName;
  /** Its full name. */
  path: string;
  service: Service;
  /** The short name of the revision that most of the traffic goes to. */
  revision: string;
  serviceAccount: string;
  container: z.output<typeof containerSchema>;
  environment: Readonly<Record<string, string>>;
  /** Variables whose values come from secrets: not to be seen from here. */
  hidden: readonly string[];
  /** As the product itself reads its environment; or all that is wrong with it. */
  config: Config | undefined;
  errors: readonly string[];
};

export type Facts = ReturnType<typeof createFacts>;

/** What several checks ask about one deployment. All of it is read at most once. */
export function createFacts(deps: FactsDeps) {
  const { place, google, local } = deps;
  const { project, region, name } = place;
  const parts = new Map<RoleName, Promise<Part | undefined>>();
  let stores: Promise<Stores> | undefined;
  let documents: Promise<Documents> | undefined;

  const pathOf = (role: RoleName) => `projects/${project}/locations/${region}/services/${name}-${role}`;

  async function readPart(role: RoleName): Promise<Part | undefined> {
    const path = pathOf(role);
    const of = `The service ${name}-${role}`;
    const service = await google.find({
      ...{ api: 'run', path: `/v2/${path}`, answer: serviceSchema, permission: 'run.services.get', of },
    });
    if (service === undefined) return undefined;
    const revision = shortName(servingRevision(service));
    if (revision === '') throw new NotKnown(`${of} has no revision yet.`, `See services.ready.`);
    const { serviceAccount, containers } = await google.read({
      api: 'run',
      path: `/v2/${path}/revisions/${revision}`,
      answer: revisionSchema,
      permission: 'run.revisions.get',
      of: `The revision ${revision}`,
    });
    const container = containers[0] ?? containerSchema.parse({});
    const hidden = container.env.filter((one) => one.valueSource !== undefined).map((one) => one.name);
    const environment = Object.fromEntries(container.env.map((one) => [one.name, one.value]));
    return {
      ...{ role, path, service, revision, serviceAccount, container, environment, hidden },
      ...judged(role, { ...environment, K_SERVICE: `${name}-${role}`, K_REVISION: revision }),
    };
  }

  function part(role: RoleName): Promise<Part | undefined> {
    const known = parts.get(role) ?? readPart(role);
    parts.set(role, known);
    return known;
  }

  /** Those of the three that are there. Throws where one may not be read. */
  async function everyPart(): Promise<Part[]> {
    const found = await Promise.all(roles.map(part));
    return found.filter((one) => one !== undefined);
  }

  async function config(): Promise<Config> {
    if (local) return local.config;
    const settled = await Promise.allSettled(roles.map(part));
    const found = settled.flatMap((one) => (one.status === 'fulfilled' && one.value?.config ? [one.value.config] : []));
    const refused = settled.find((one) => one.status === 'rejected');
    if (found[0] !== undefined) return found[0];
    if (refused) throw refused.reason;
    throw new NotKnown(
      'No service tells what is deployed: none is there, or its environment is not valid.',
      'See services.ready and services.environment.',
    );
  }

  async function openedStores(): Promise<Stores> {
    const settings = await config();
    stores ??= deps.openStores(settings);
    return stores;
  }

  return {
    ...place,
    ...{ google, now: deps.now, visit: deps.visit, fetch: deps.fetch, publicKey: deps.publicKey },
    local: local?.addresses,
    pathOf,
    part,
    parts: everyPart,
    /** Of the first service whose environment is valid; they should be alike. */
    config,
    stores: openedStores,
    /** The service accounts that the deployment gives its parts. */
    account: (role: RoleName | 'scheduler' | 'documents' | 'builder') =>
      `${name}-${role}@${project}.iam.gserviceaccount.com`,
    documents(): Promise<Documents> {
      documents ??= readStore({ stores: openedStores }, 'policy', readDocuments);
      return documents;
    },
    projectPolicy: () =>
      google.read({
        api: 'cloudresourcemanager',
        path: `/v3/projects/${project}:getIamPolicy`,
        body: { options: { requestedPolicyVersion: 3 } },
        answer: policySchema,
        permission: 'resourcemanager.projects.getIamPolicy',
        of: `Who may do what in the project ${project}`,
      }),
    async projectNumber(): Promise<string> {
      const found = await google.read({
        api: 'cloudresourcemanager',
        path: `/v3/projects/${project}`,
        answer: z.object({ name: z.string().regex(/^projects\/\d+$/) }),
        permission: 'resourcemanager.projects.get',
        of: `The project ${project}`,
      });
      return shortName(found.name);
    },
    async close() {
      const opened = await stores?.catch(() => undefined);
      await opened?.close();
    },
  };
}

export const shortName = (path: string) => path.slice(path.lastIndexOf('/') + 1);

function servingRevision({ trafficStatuses, latestReadyRevision, latestCreatedRevision }: Service): string {
  const [most] = trafficStatuses.toSorted((a, b) => b.percent - a.percent);
  return most?.revision || latestReadyRevision || latestCreatedRevision;
}

function judged(role: RoleName, environment: Record<string, string>): Pick<Part, 'config' | 'errors'> {
  try {
    return { config: readConfig(role, environment), errors: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { config: undefined, errors: error.lines };
    throw error;
  }
}
