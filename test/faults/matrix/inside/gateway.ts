import { createGateway as create, type Steps } from '../../../../src/gateway.ts';
import type { Batch, Rows } from '../../../../src/model/result.ts';
import { die, isSabotaged, orderAt, reach } from './point.ts';

export * from '../../../../src/gateway.ts';

/** The flow as it is, over steps that can fail between one and the next. */
export const createGateway: typeof create = (steps) => create(withPoints(steps));

function withPoints(steps: Steps): Steps {
  const { identities, policy, targets, approvals, credentials, audit } = steps;
  let running = 0;
  return {
    ...steps,
    identities: {
      async authenticate(presented) {
        const identity = await identities.authenticate(presented);
        await reach('after authenticate');
        return identity;
      },
    },
    policy: {
      ...policy,
      decide(question) {
        const decision = policy.decide(question);
        if (orderAt('after decide') === 'die') die();
        return decision;
      },
    },
    targets: { ...targets, of: async (connection) => pointed(await targets.of(connection)) },
    approvals: {
      ...approvals,
      async settle(passage) {
        const settlement = await approvals.settle(passage);
        if (settlement.state === 'granted') await reach('after settle');
        return settlement;
      },
    },
    audit: {
      ...audit,
      async intend(passage, options) {
        const intent = await audit.intend(passage, options);
        running++;
        return { ...intent, complete: (outcome) => intent.complete(outcome).finally(() => running--) };
      },
    },
    credentials: {
      async use(connection, work) {
        if (running === 0) return credentials.use(connection, work);
        await reach('before the credential');
        return credentials.use(connection, async (secret) => {
          await reach('after the credential');
          return work(secret);
        });
      },
    },
  };
}

type Target = Awaited<ReturnType<Steps['targets']['of']>>;

function pointed(target: Target): Target {
  const execute: Target['execute'] = async (operation, access) => {
    await reach('before execute');
    const run = () => target.execute(operation, access);
    const result = await run().catch((error) => {
      if (isSabotaged('what failed is run once more')) return run();
      throw error;
    });
    await reach('after execute');
    return result.form === 'rows' ? { ...result, batches: withMiddle(result.batches) } : result;
  };
  const wrapper: Partial<Target> = {
    execute,
    async inspect(access) {
      await reach('after resolve');
      return target.inspect(access);
    },
    async understand(request, facts, context) {
      const operation = await target.understand(request, facts, context);
      await reach('after understand');
      return operation;
    },
  };
  return Object.assign(Object.create(target), wrapper);
}

async function* withMiddle(batches: Rows['batches']): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    yield batch;
    await reach('in the middle of rows');
  }
}
