import { connectionSchema } from '../../../src/model/documents.ts';
import type { Operation } from '../../../src/model/operation.ts';
import type { Plan } from '../../../src/targets/ssh/plan.ts';
import { requestSchema } from '../../../src/targets/ssh/request.ts';
import { settingsSchema } from '../../../src/targets/ssh/settings.ts';
import { understand } from '../../../src/targets/ssh/understand.ts';

/** Commands as a connection declares them. */
export type Declaration = {
  template: string;
  verb: string;
  resources?: string[];
  parameters?: Record<string, string>;
  risks?: string[];
  input?: boolean;
};

export const settingsWith = (commands: unknown, environment: readonly string[] = []) => ({
  host: 'bastion.example',
  user: 'ops',
  host_keys: [`SHA256:${'A'.repeat(43)}`],
  commands,
  environment,
});

/** What a request means at a bastion that declares these commands. */
export function understood(
  request: unknown,
  { commands = [], environment = [] }: { commands?: unknown; environment?: readonly string[] } = {},
): Operation<Plan> {
  const settings = settingsSchema.parse(settingsWith(commands, environment));
  const document = connectionSchema.parse({
    kind: 'ssh',
    settings: {},
    credential: { secret: 'projects/p/secrets/s' },
  });
  const connection = { name: 'bastion', version: '1', document, classification: new Map(), transforms: new Map() };
  return understand(requestSchema.parse(request), settings, {
    connection,
    unmask: [],
    seal: (name) => `«${name}»`,
    tokenKey: () => new Uint8Array(32),
  });
}
