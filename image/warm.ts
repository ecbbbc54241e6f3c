import { readdirSync } from 'node:fs';
import { createRequire, flushCompileCache, getCompileCacheDir } from 'node:module';
import { join } from 'node:path';

/**
 * Fills the compile cache that `NODE_COMPILE_CACHE` names with every part of the bundle in a folder. To be run by the Node, with the options and
 * as the user that are to read it: for any other it holds nothing. Written here, as a process that is ended by a signal writes none.
 */
function warm(folder: string): void {
  if (getCompileCacheDir() === undefined)
    throw new Error('NODE_COMPILE_CACHE is not set, or its folder cannot be written.');
  const require = createRequire(join(folder, 'main.cjs'));
  const parts = readdirSync(folder).filter((name) => name.endsWith('.cjs') && name !== 'main.cjs');
  for (const part of parts) require(join(folder, part));
  flushCompileCache();
}

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('Say which folder the bundle is in.');
warm(folder);
process.exit(0);
