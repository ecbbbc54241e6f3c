import { styleText } from 'node:util';
import { defineCommand, runMain } from 'citty';
import { type EmulatorName, emulators, type Running, startEmulators } from './list.ts';

const names = Object.keys(emulators).filter(isName);

const command = defineCommand({
  meta: { name: 'emulators', description: 'Google Cloud on a laptop: what Sallyport needs of it, on loopback.' },
  args: {
    only: { type: 'string', valueHint: names.join(','), description: 'Start these alone' },
    'port-base': { type: 'string', default: '8080', description: 'Ports count from here; 0 takes free ones' },
    dir: { type: 'string', valueHint: 'DIR', description: 'Keep data there; without it they are forgotten' },
  },
  async run({ args }) {
    try {
      await serve({ names: chosen(args.only), portBase: portBase(args['port-base']), dir: args.dir });
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    }
  },
});

await runMain(command);

/** Resolves when everything is up; a signal then stops it. */
async function serve(options: Parameters<typeof startEmulators>[0]): Promise<void> {
  if (process.env['K_SERVICE']) throw new Error('The emulators let everybody in: they do not run on Cloud Run.');

  const { running, stop } = await startEmulators(options);
  process.stdout.write(describe(running));
  // Once: a second signal ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().then(() => process.exit(0)));
  }
}

function chosen(only: string | undefined): EmulatorName[] {
  if (only === undefined) return names;
  return only.split(',').map((name) => {
    if (!isName(name)) throw new Error(`There is no emulator "${name}": choose among ${names.join(', ')}.`);
    return name;
  });
}

function portBase(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port === 0 || (port >= 1024 && port <= 65_500)) return port;
  throw new Error(`--port-base must be 0 or between 1024 and 65500, not "${text}".`);
}

function isName(name: string): name is EmulatorName {
  return Object.hasOwn(emulators, name);
}

/** A table for people, then lines for a shell. */
function describe(running: Running[]): string {
  const width = Math.max(...running.map(({ title }) => title.length)) + 2;
  const rows = running.map(({ title, at }) => `  ${paint('bold', title.padEnd(width))}${paint('cyan', at)}`);
  const variables = running.flatMap(({ variable, at, value = at }) =>
    variable === undefined ? [] : [`${variable}=${value}`],
  );
  const exports = [...variables, 'METADATA_SERVER_DETECTION=none'].map((line) => `  export ${line}`);
  const note = paint('gray', '  Ctrl-C stops them.');
  return `\n${rows.join('\n')}\n\n${exports.join('\n')}\n\n${note}\n`;
}

/** Colour where there is a terminal, plain where not. */
function paint(style: 'bold' | 'cyan' | 'gray', text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
