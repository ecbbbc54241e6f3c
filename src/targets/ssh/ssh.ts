import type { Duplex } from '../../model/result.ts';
import type { Target } from '../target.ts';
import { type ExecuteDeps, execute } from './execute.ts';
import { createLinks } from './links.ts';
import type { Plan } from './plan.ts';
import { requestSchema, type SshRequest } from './request.ts';
import { schemaOf } from './schema.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { understand } from './understand.ts';

export type SshDeps = Pick<ExecuteDeps, 'allowLoopback'> & {
  /** Told of a host that proves itself with a key that is not pinned; the call is refused, too. */
  alarm: ExecuteDeps['alarm'];
  now?: () => Date;
};

/**
 * Hosts behind SSH. A request is a command, a shell or a connection to elsewhere (`understand.ts`); it runs as it was judged, on a host that has
 * proven who it is (`connect.ts`), and what it says leaves masked, as it comes (`program.ts`).
 */
export function createSsh({
  allowLoopback,
  alarm,
  now = () => new Date(),
}: SshDeps): Target<Settings, SshRequest, Settings, Plan, Duplex> {
  const links = createLinks();
  return {
    kind: 'ssh',
    settings: settingsSchema,
    request: requestSchema,
    /** What is understood by stands in the settings; the host is asked nothing. */
    async inspect({ settings }) {
      return settings;
    },
    async understand(request, settings, context) {
      return understand(request, settings, context);
    },
    execute: (operation, access) => execute(operation, access, { allowLoopback, links, alarm, now }),
    async schema(settings, question, { connection }) {
      return schemaOf(settings, question, connection);
    },
    async close() {
      links.close();
    },
  };
}
