import { createEndings, type Intent } from '../../src/audit/audit.ts';
import type { Passage } from '../../src/model/call.ts';
import type { Problem } from '../../src/model/problem.ts';
import type { Store } from '../../src/platform/store.ts';
import { aPassage, aTrail, quick } from '../audit/trail.ts';

const kubernetes = { document: { kind: 'kubernetes', labels: {}, settings: {}, record: 'masked' } };

/** An instance of the gateway on a store, with one session that runs there. */
export async function aRunningSession(store: Store, more: Partial<Passage> = {}) {
  const trail = aTrail({ store, timing: { ...quick, tape: 10 } });
  await trail.audit.open();
  const passage = aPassage({ operationId: 'op_live' });
  const { operation } = passage;
  const connection = { ...kubernetes, name: 'cluster', version: 'v1' } as unknown as Passage['connection'];
  const intent: Intent = await trail.audit.intend({
    ...passage,
    ...(connection && { connection }),
    ...(operation && {
      operation: {
        ...operation,
        ...{ kind: 'kubernetes', verb: 'execute', live: true },
        recorded: { statement: 'exec team-a/worker: sh', parameters: [] },
      },
    }),
    ...more,
  });
  const ended: Problem[] = [];
  const endings = createEndings({ store, log: trail.log });
  endings.start();
  const stopHeeding = endings.heed({
    operation: more.operationId ?? 'op_live',
    live: true,
    end: (why) => ended.push(why),
  });
  intent.tape?.open({ terminal: true, columns: 90, rows: 30, command: 'sh' });
  return {
    trail,
    intent,
    ended,
    say: (text: string) => intent.tape?.entry('o', text),
    async end(problem?: Problem) {
      stopHeeding();
      await intent.complete({ type: problem ? 'failed' : 'completed', ...(problem && { problem }) });
    },
  };
}
