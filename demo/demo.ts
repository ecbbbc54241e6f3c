import { resolve } from 'node:path';
import { defineCommand, runMain } from 'citty';
import type { Stand } from './stand.ts';
import { startStand } from './stand.ts';
import { playStory } from './story.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const DIR = '.sallyport';

await runMain(
  defineCommand({
    meta: {
      name: 'demo',
      description: 'Starts Sallyport on this machine with all it stands before, and plays a story.',
    },
    args: {
      once: {
        type: 'boolean',
        description: 'Stop after the story; the exit status says whether it held',
        default: false,
      },
      quiet: { type: 'boolean', description: 'Start everything, play no story', default: false },
      'port-base': { type: 'string', description: 'The first of thirteen ports; 0 takes free ones', default: '8080' },
      dir: { type: 'string', description: 'Where stand.json and the log go', default: DIR },
      program: { type: 'string', description: 'What is run for each role in place of src/main.ts: dist/main.cjs' },
    },
    async run({ args }) {
      try {
        await demo({
          once: args.once,
          quiet: args.quiet,
          portBase: portOf(args['port-base']),
          dir: args.dir,
          program: args.program === undefined ? undefined : resolve(args.program),
        });
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
        process.exit(1);
      }
    },
  }),
);

async function demo(options: {
  once: boolean;
  quiet: boolean;
  portBase: number;
  dir: string;
  program: string | undefined;
}) {
  const terminal = createTerminal(process.stdout);
  terminal.title('Sallyport');
  const startedAt = performance.now();
  const starting = startStand({
    ...options,
    step: (name) => terminal.held(`${name} (${seconds(startedAt)} s)`),
  });
  let left = false;
  const leave = async (code: number) => {
    left = true;
    const started = await starting.catch(() => undefined);
    await started?.stop();
    process.exit(code);
  };
  // From the first moment on: what is half started must be stopped too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave(0));
  const running = await starting.catch((error) => {
    // Ctrl-C reaches the parts as well, and then it is no failure that they do not start.
    if (!left) throw error;
  });
  if (left || running === undefined) return;

  const broken = options.quiet
    ? []
    : await playStory(running, terminal).catch(async (error) => {
        await running.stop();
        throw error;
      });
  if (!options.quiet) conclude(broken, terminal);
  if (options.once) return leave(broken.length === 0 ? 0 : 1);
  invite(running.stand, terminal, options.dir);
}

function portOf(text: string) {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_000) return port;
  throw new Error('--port-base is a number from 0 to 65000.');
}

function seconds(since: number) {
  return ((performance.now() - since) / 1000).toFixed(1);
}

function conclude(broken: string[], terminal: Terminal) {
  terminal.line();
  if (broken.length === 0) terminal.held('The story held.');
  else terminal.broken(`The story did not hold: ${broken.join('; ')}.`);
}

/** Addresses and ready-made lines for going on by hand. */
function invite(stand: Stand, terminal: Terminal, dir: string) {
  terminal.title('It stays up. Go on by hand:');
  terminal.line(`  gateway  ${stand.gateway}   (OpenAPI at /openapi.json)`);
  terminal.line(`  console  ${stand.console}   (sign in with a token of ${dir}/stand.json)`);
  terminal.line(`  psql     psql '${stand.postgres}'`);
  terminal.line(`  bq       bq --api ${stand.bigquery} --project_id ${stand.project} ls sallyport_audit`);
  terminal.line();
  terminal.line(`  TOKEN=$(node -p "require('${resolve(dir, 'stand.json')}').tokens.bot")`);
  terminal.line(`  curl -s ${stand.gateway}/v1/connections -H "Authorization: Bearer $TOKEN"`);
  terminal.line(
    `  curl -s ${stand.gateway}/v1/connections/crm/operations -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
  );
  terminal.line(`    -d '{"statement": "select id, email from users where id = $1", "parameters": [7]}'`);
  terminal.line();
  terminal.line('  Ctrl-C ends it and leaves nothing behind.');
}
