import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { createFacts, type Facts, openStores, readLocalConfig, visit } from '../doctor/doctor.ts';
import { createGoogleRest, defaultCredentials } from '../platform/google-rest.ts';
import { publicKeyOf } from '../platform/kms.ts';
import type { Surroundings } from './command.ts';
import { CannotLook, type Given } from './doctor.ts';

const standSchema = z.object({
  gateway: z.url(),
  console: z.url(),
  keeper: z.url(),
  bigquery: z.url(),
  environment: z.record(z.string(), z.string()),
});

const now = () => new Date();

/** A deployment on Google Cloud, or the local stand. */
export async function openDeployment(given: Given, { environment, set }: Surroundings): Promise<Facts> {
  if (given.local === undefined) return openReal(given, environment);
  // Google's clients would look for the metadata server of a machine on Google Cloud.
  set?.('METADATA_SERVER_DETECTION', 'none');
  return openStand(given.local);
}

async function openReal(
  { project = '', region = '', name }: Given,
  environment: Surroundings['environment'],
): Promise<Facts> {
  const place = { project: project || (environment['GOOGLE_CLOUD_PROJECT'] ?? ''), region, name };
  if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(place.project))
    throw new CannotLook('Name the project with --project or GOOGLE_CLOUD_PROJECT.');
  if (!/^[a-z0-9-]+$/.test(region))
    throw new CannotLook('Name the region of the services with --region, such as europe-west1.');
  if (!/^[a-z][a-z0-9-]{0,20}$/.test(name))
    throw new CannotLook('A deployment’s name is of lower-case letters, digits and dashes.');
  const authorize = defaultCredentials(place.project);
  await authorize().catch((cause: unknown) => {
    throw new CannotLook('There are no Google credentials: gcloud auth application-default login', { cause });
  });
  return createFacts({
    place,
    google: createGoogleRest({ authorize }),
    openStores,
    publicKey: (keyVersion) => publicKeyOf({ keyVersion }),
    visit: (address) => visit(address, globalThis.fetch),
    fetch: globalThis.fetch,
    now,
  });
}

/** Milliseconds: a laptop that runs everything at once answers when it can. */
const patience = 120_000;

/** Of `npm run demo`: emulators, and the roles with the environment that they were started with. */
async function openStand(file: string): Promise<Facts> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CannotLook(`There is no stand at ${file}; npm run demo starts one.`, { cause });
  });
  const stand = standSchema.safeParse(jsonOf(text));
  if (!stand.success) throw new CannotLook(`${file} is not what npm run demo writes.`);
  const { gateway, console, keeper, bigquery, environment } = stand.data;
  const config = configOf(environment);
  return createFacts({
    place: { project: config.project, region: 'local', name: 'stand' },
    google: createGoogleRest({
      authorize: async () => new Headers(),
      places: { bigquery: bigquery.replace(/\/$/, '') },
      deadline: patience,
    }),
    openStores,
    publicKey: (keyVersion) => publicKeyOf({ keyVersion, emulatorHost: config.emulators.kms, deadline: patience }),
    visit: (address) => visit(address, globalThis.fetch),
    fetch: globalThis.fetch,
    now,
    local: { config, addresses: { gateway, console, keeper } },
  });
}

function configOf(environment: Record<string, string>) {
  try {
    return readLocalConfig(environment);
  } catch (cause) {
    throw new CannotLook(cause instanceof Error ? cause.message : 'The stand tells no environment.', { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
