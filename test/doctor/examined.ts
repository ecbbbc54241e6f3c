import { createFacts, examine, type Finding } from '../../src/doctor/doctor.ts';
import { visit } from '../../src/doctor/surroundings.ts';
import { createGoogleRest } from '../../src/platform/google-rest.ts';
import { createFakeStore } from '../fakes/store.ts';
import { startFakeGoogle, type Trouble } from './google.ts';
import { type Deployment, healthy, project, region } from './healthy.ts';

export type Options = { troubles?: Record<string, Trouble>; deadline?: number };

/** What the doctor finds in a deployment, after one thing of a healthy one was changed. */
export async function examined(change: (deployment: Deployment) => void = () => {}, options: Options = {}) {
  const state = healthy();
  change(state);
  const google = await startFakeGoogle(state, options.troubles);
  const [policy, runtime] = [createFakeStore(), createFakeStore()];
  const facts = createFacts({
    place: { project, region, name: 'sallyport' },
    google: createGoogleRest({
      authorize: async () => new Headers({ authorization: 'Bearer TOKEN-OF-THE-OPERATOR' }),
      fetch: google.fetch,
      ...(options.deadline !== undefined && { deadline: options.deadline }),
    }),
    openStores: async () => ({ policy, runtime, close: async () => {} }),
    publicKey: async () => '',
    visit: (address) => visit(address, google.fetch),
    fetch: google.fetch,
    now: () => new Date(),
  });
  try {
    const findings = await examine(facts);
    return { findings, strange: google.strange, asked: google.asked };
  } finally {
    await facts.close();
    await google.stop();
  }
}

export const notOk = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== 'ok');
