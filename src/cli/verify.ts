import { readFile } from 'node:fs/promises';
import { defineCommand } from 'citty';
import {
  type BundleReport,
  fingerprintOf,
  NotABundle,
  type Report,
  type TrustedKey,
  verifyBundle,
} from '../evidence/evidence.ts';
import { finish, type Surroundings } from './command.ts';
import { findingsTable } from './findings-table.ts';
import { printable, type Terminal } from './terminal.ts';
import { type OnlineRequest, verifyTables } from './verify-tables.ts';

const args = {
  bundle: { type: 'positional', required: false, description: 'The folder of a bundle; without it, BigQuery is read.' },
  project: {
    type: 'string',
    description: 'The project of the audit tables; else GOOGLE_CLOUD_PROJECT.',
    valueHint: 'id',
  },
  dataset: {
    type: 'string',
    default: 'sallyport_audit',
    description: 'The dataset of the audit tables.',
    valueHint: 'name',
  },
  location: { type: 'string', description: 'Where that dataset is.', valueHint: 'region' },
  from: { type: 'string', description: 'Only from the last checkpoint before this time on.', valueHint: 'time' },
  to: { type: 'string', description: 'Only up to the first checkpoint after this time.', valueHint: 'time' },
  'checkpoint-key': {
    type: 'string',
    description: 'Whose checkpoints count: KMS key versions or PEM files; else SALLYPORT_CHECKPOINT_KEY.',
    valueHint: 'key,…',
  },
  'approval-key': {
    type: 'string',
    description: 'Whose decisions count: KMS key versions or PEM files; else SALLYPORT_APPROVAL_KEY.',
    valueHint: 'key,…',
  },
  json: { type: 'boolean', default: false, description: 'Print the report as JSON.' },
} as const;

/** It was not verified, which says neither good nor bad of it. */
class CannotVerify extends Error {
  override name = 'CannotVerify';
}

/** `sallyport verify`. Exit status 0 where nothing is wrong, 1 where something is, 2 where that could not be told. */
export function createVerifyCommand(surroundings: Surroundings) {
  const { terminal, environment } = surroundings;
  return defineCommand({
    meta: {
      name: 'verify',
      description:
        'Prove that the audit trail is whole and unchanged: in a bundle with no network, or in BigQuery with your own Google credentials. Exits with 0 where it is, 1 where it is not, 2 where that cannot be told.',
    },
    args,
    run: ({ args: given }) =>
      finish(
        surroundings,
        Object.keys(args),
        given,
        async () => {
          const report = await reportOf(terminal, { ...given, environment }).catch((error: unknown) => {
            terminal.progress?.('');
            throw new CannotVerify(wordsOf(error), { cause: error });
          });
          terminal.progress?.('');
          terminal.write(given.json ? `${JSON.stringify(report, undefined, 2)}\n` : shown(terminal, report));
          return report.found === 0 ? 0 : 1;
        },
        { status: 2, isKnown: (error) => error instanceof CannotVerify },
      ),
  });
}

type Given = {
  bundle?: string | undefined;
  project?: string | undefined;
  dataset: string;
  location?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  'checkpoint-key'?: string | undefined;
  'approval-key'?: string | undefined;
  environment: Surroundings['environment'];
};

async function reportOf(terminal: Terminal, given: Given): Promise<Shown> {
  const onProgress = progressOf(terminal);
  if (given.bundle !== undefined) {
    if (given.from !== undefined || given.to !== undefined)
      throw new NotABundle('A bundle has its own period: leave --from and --to out.');
    const [checkpoint, approval] = [given['checkpoint-key'], given['approval-key']];
    const keys = {
      ...(checkpoint !== undefined && { checkpoint: await filesOf(checkpoint) }),
      ...(approval !== undefined && { approval: await filesOf(approval) }),
    };
    return shownBundle(await verifyBundle(given.bundle, { keys, onProgress }), keys);
  }
  return verifyTables(requestOf(given), onProgress);
}

/** What the command prints as JSON. */
type Shown = Report & { of?: string; trusted?: string[] };

function shownBundle(
  { manifest, keys, ...report }: BundleReport,
  given: { checkpoint?: unknown; approval?: unknown },
): Shown {
  const { from, to } = manifest.period;
  const said = (name: 'checkpoint' | 'approval') =>
    keys[name].map(
      ({ pem }) => `${name} key SHA-256 ${fingerprintOf(pem)}${given[name] ? '' : ', as the bundle brings it'}`,
    );
  return {
    of: `${manifest.project} from ${from} to ${to}, exported ${manifest.exported_at} by ${manifest.exported_by}`,
    trusted: [...said('checkpoint'), ...said('approval')],
    ...report,
  };
}

/** Offline there are only files. */
async function filesOf(names: string): Promise<TrustedKey[]> {
  return Promise.all(names.split(',').map(async (name) => ({ pem: await readFile(name, 'utf8') })));
}

function requestOf({ environment, ...given }: Given): OnlineRequest {
  const project = given.project ?? environment['GOOGLE_CLOUD_PROJECT'];
  const checkpointKey = given['checkpoint-key'] ?? environment['SALLYPORT_CHECKPOINT_KEY'];
  const approvalKey = given['approval-key'] ?? environment['SALLYPORT_APPROVAL_KEY'];
  if (!project) throw new NotABundle('Name the folder of a bundle, or a project with --project.');
  if (!checkpointKey || !approvalKey)
    throw new NotABundle(
      'Say whose signatures count, with --checkpoint-key and --approval-key: a key that the tables name proves nothing.',
    );
  return {
    ...{ project, checkpointKey, approvalKey },
    dataset: given.dataset,
    location: given.location,
    ...(given.from !== undefined && { from: timeOf(given.from) }),
    ...(given.to !== undefined && { to: timeOf(given.to) }),
    emulators: {
      bigquery: loopback('BIGQUERY_EMULATOR_HOST', 'http://', environment),
      kms: loopback('KMS_EMULATOR_HOST', '', environment),
    },
  };
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new NotABundle(`${printable(text)} is no time; write 2026-01-31T12:00:00Z.`);
  return time;
}

/** An emulator proves nothing of anything but itself, and is on this machine. Google's client for BigQuery wants a URL there. */
function loopback(name: string, scheme: string, environment: Surroundings['environment']): string | undefined {
  const address = environment[name];
  if (!address) return undefined;
  const [, host] = new RegExp(`^${scheme}((?:127\\.0\\.0\\.1|localhost|\\[::1\\]):\\d{1,5})/?$`).exec(address) ?? [];
  if (host === undefined)
    throw new NotABundle(`${name} is an address of this machine such as ${scheme}127.0.0.1:8084.`);
  return host;
}

const cells = 24;

/** `█████───────────────────  205,000 of 1,000,000 events  41,203 a second` */
function progressOf({ progress }: Terminal): (events: number, of: number) => void {
  const start = performance.now();
  let last = 0;
  return (events, of) => {
    const now = performance.now();
    if (progress === undefined || (now - last < 100 && events < of)) return;
    last = now;
    const full = Math.min(cells, Math.round((cells * events) / Math.max(of, 1)));
    const rate = Math.round((events * 1000) / Math.max(now - start, 1));
    progress(
      `${'█'.repeat(full)}${'─'.repeat(cells - full)}  ${counted(events)} of ${counted(of)} events  ${counted(rate)} a second`,
    );
  };
}

const counted = (number: number) => number.toLocaleString('en-US');
const amount = (number: number, name: string) => `${counted(number)} ${name}${number === 1 ? '' : 's'}`;

function shown({ paint, width = Number.POSITIVE_INFINITY }: Terminal, report: Shown): string {
  const { findings, found, of, trusted = [], period, sealed, unsealed, notes } = report;
  const lines = [
    of,
    ...trusted,
    `${amount(report.events, 'event')} in ${amount(report.chains, 'chain')}, ${amount(report.checkpoints, 'checkpoint')}${period ? `, ${period.from} to ${period.to}` : ''}`,
    sealed === null
      ? paint('yellow', 'No checkpoint covers any of it.')
      : `Sealed by checkpoint ${sealed.number} of ${sealed.time}; ${amount(unsealed, 'event')} after it ${unsealed === 1 ? 'is' : 'are'} not sealed yet.`,
    ...notes.map((note) => paint('yellow', printable(note))),
  ].filter((line) => line !== undefined);
  const verdict = found === 0 ? paint('green', '✓ Nothing is wrong.') : paint('red', `✗ ${amount(found, 'finding')}.`);
  return `${findingsTable(findings, { paint, width, found })}${lines.map((line) => `${line}\n`).join('')}${verdict}\n`;
}

const wordsOf = (error: unknown) =>
  `It could not be verified: ${printable(error instanceof Error ? error.message : String(error))}`;
