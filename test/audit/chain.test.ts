import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lateStore } from './late-store.ts';
import { aPassage, aTrail, faultsOf } from './trail.ts';

const failures = fc.constantFrom('late', 'conflict', 'uncertain-applied', 'uncertain-lost', 'unavailable', undefined);
const steps = fc.array(
  fc.record({
    act: fc.constantFrom('note', 'intend', 'spend', 'lapse'),
    failures: fc.array(failures, { maxLength: 4 }),
    partial: fc.boolean(),
    breathe: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
);

test('a chain has no gap, no fork and no changed link, and loses nothing it acknowledged, whatever the store and BigQuery do', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (schedule) => {
      const trail = aTrail();
      const store = lateStore(trail.store);
      const audit = trail.another('first', { store });
      await audit.open();
      const acknowledged: string[] = [];
      const ran: string[] = [];
      const under: Promise<unknown>[] = [];
      let spent = 0;
      let broken = true;

      for (const [index, step] of schedule.entries()) {
        const operationId = `op_${index}`;
        const passage = aPassage({ operationId });
        for (const failure of step.failures) {
          if (failure === 'late') store.delayNext();
          else if (failure) trail.store.failNext(failure, () => broken);
        }
        if (step.partial)
          trail.table.failures.push((rows) => rows.slice(1).map((_, at) => ({ index: at, reason: 'stopped' })));
        if (step.act === 'lapse') trail.clock.advance(31_000);
        else if (step.act === 'note') {
          under.push(audit.note('denied', passage).then(() => acknowledged.push(operationId)));
        } else {
          trail.store.seed(`approvals/${index}`, { state: 'approved' });
          const found = await trail.store.get(`approvals/${index}`).catch(() => undefined);
          const spend = found && {
            op: 'replace' as const,
            path: found.path,
            data: { state: 'spent' },
            revision: found.revision,
          };
          if (step.act === 'spend' && found) trail.store.seed(found.path, { state: 'expired' });
          under.push(
            audit.intend(passage, { with: spend ? [spend] : [] }).then(async (intent) => {
              if (spend) spent++;
              ran.push(operationId);
              await intent.complete({ type: 'completed' });
              acknowledged.push(operationId);
            }),
          );
        }
        if (step.breathe) await Promise.allSettled(under);
      }
      await Promise.allSettled(under);
      await audit.close();
      broken = false;
      await trail.another('keeper').open();
      const keeper = trail.another('keeper-2');
      await keeper.open();
      trail.clock.advance(120_000);
      await keeper.note('denied', {});
      await keeper.sweep();
      await keeper.sweep();
      await keeper.close();

      const events = trail.table.events();
      expect(faultsOf(events)).toEqual([]);
      expect(acknowledged.filter((operation) => !events.some((event) => event.operation === operation))).toEqual([]);
      for (const operation of ran) {
        const phases = events.filter((event) => event.operation === operation).map(({ phase }) => phase);
        expect(phases.filter((phase) => phase === 'intent')).toHaveLength(1);
        expect(phases.filter((phase) => phase === 'outcome')).toHaveLength(1);
      }
      for (const intent of events.filter(({ phase }) => phase === 'intent'))
        expect(
          events.filter(({ event_id, phase }) => event_id === intent.event_id && phase === 'outcome'),
        ).toHaveLength(1);
      const states = Object.values(trail.store.contents('approvals')).map(({ state }) => state);
      expect(states.filter((state) => state === 'spent').length).toBeGreaterThanOrEqual(spent);
    }),
    { numRuns: 60, interruptAfterTimeLimit: 8000 },
  );
}, 30_000);
