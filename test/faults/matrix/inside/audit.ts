import { type Audit, type AuditDeps, createAudit as create, type Intent } from '../../../../src/audit/audit.ts';
import { outboxPath } from '../../../../src/audit/paths.ts';
import { isSabotaged, reach } from './point.ts';

export * from '../../../../src/audit/audit.ts';

/** Some of the product's, shorter, so that what takes minutes takes seconds. Callers wait as long as they do in earnest. */
const timing: AuditDeps['timing'] = {
  ...{ lease: 6000, renew: 1500, grace: 500, linger: 50, shippingPause: [50, 500], doubt: 2500 },
  ...JSON.parse(process.env['FAULTS_TIMING'] ?? '{}'),
};

export function createAudit(deps: AuditDeps): Audit {
  const early = async (rows: readonly { json: Record<string, unknown> }[]) => {
    if (!isSabotaged('a document is deleted before its rows are acknowledged')) return;
    const paths = new Set(rows.map(({ json }) => outboxPath(String(json['event_id']))));
    await deps.store.commit([...paths].map((path) => ({ op: 'delete', path })));
  };
  const audit = create({
    ...deps,
    timing: { ...deps.timing, ...timing },
    async append(table, rows) {
      await early(rows);
      return deps.append(table, rows);
    },
  });
  return {
    ...audit,
    async intend(passage, options) {
      if (isSabotaged('the intent is not waited for')) return promised(audit.intend(passage, options));
      if (isSabotaged('it runs before its intent')) return promised(later(() => audit.intend(passage, options)));
      const intent = await audit.intend(passage, options);
      await reach('after the intent is acknowledged');
      return acknowledged(intent);
    },
  };
}

function acknowledged(intent: Intent): Intent {
  return {
    ...intent,
    async complete(outcome) {
      if (isSabotaged('the answer ends before its outcome is durable')) {
        void later(() => intent.complete(outcome));
        return;
      }
      await intent.complete(outcome);
      await reach('after the outcome is acknowledged');
    },
  };
}

/** An intent that was taken for granted. */
function promised(intending: Promise<Intent>): Intent {
  intending.catch(() => undefined);
  return { eventId: 'ev_promised', complete: async (outcome) => (await intending).complete(outcome) };
}

async function later<T>(work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 150));
  return work();
}
