import { createFacts, examine, type Finding } from '../../src/doctor/doctor.ts';
import { visit } from '../../src/doctor/surroundings.ts';
import { createGoogleRest } from '../../src/platform/google-rest.ts';
import { createFakeGoogle, startFakeGoogle, type Troubles } from './google.ts';
import { type Deployment, healthy, project, region } from './healthy.ts';
import { storesOf } from './stores.ts';

/** `served`: over a real connection. */
export type Options = { troubles?: Troubles; deadline?: number; served?: boolean };

/** A healthy deployment in which one thing was changed, ready to be looked at. */
export async function opened(change: (deployment: Deployment) => void = () => {}, options: Options = {}) {
  const state = healthy();
  change(state);
  const key = state.services.gateway?.revision.containers[0]?.env['SALLYPORT_CHECKPOINT_KEY'] ?? '';
  const stores = await storesOf(state, key);
  const { troubles = {}, served = Object.values(troubles).some((trouble) => typeof trouble === 'string') } = options;
  const google = served ? await startFakeGoogle(state, troubles) : createFakeGoogle(state, troubles);
  const facts = createFacts({
    place: { project, region, name: 'sallyport' },
    google: createGoogleRest({
      authorize: async () => new Headers({ authorization: 'Bearer TOKEN-OF-THE-OPERATOR' }),
      fetch: google.fetch,
      ...(options.deadline !== undefined && { deadline: options.deadline }),
    }),
    openStores: async () => stores,
    publicKey: async (version) => state.publicKeys[version.includes('/approvals/') ? 'approvals' : 'checkpoints'],
    visit: (address) => visit(address, google.fetch),
    fetch: google.fetch,
    now: () => new Date(),
  });
  return { facts, google };
}

/** What the doctor finds in it. */
export async function examined(change?: (deployment: Deployment) => void, options?: Options) {
  const { facts, google } = await opened(change, options);
  try {
    return { findings: await examine(facts), strange: google.strange, asked: google.asked };
  } finally {
    await facts.close();
    await google.stop();
  }
}

export const notOk = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== 'ok');
