import { pathToFileURL } from 'node:url';

/** One role of the local stand: `src/main.ts` as it is, or another program in its place, but it does not outlive the stand, however that ends. */
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
const [, , , program] = process.argv;
await import(program === undefined ? '../src/main.ts' : pathToFileURL(program).href);
