import { globSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

/** Read while the program runs, so that they lie beside the bundle, at the same place below it as below the repository. */
const ours = [
  'policies/built-in/*.yaml',
  'src/console/*.css',
  'src/console/play.js',
  'src/evidence/*.sql',
  'src/evidence/bundle/README.txt',
  'src/evidence/summary/style.css',
];

/** The same of packages; what they are of stands in the bill of materials, too. */
const theirs = [
  'node_modules/asciinema-player/dist/bundle/asciinema-player.css',
  'node_modules/asciinema-player/dist/bundle/asciinema-player.min.js',
  'node_modules/libpg-query/wasm/libpg-query.wasm',
];

/** Where a file of the repository lies below the bundle. No folder there is called `node_modules`, as nothing is resolved in it. */
export const placeOf = (path: string) => path.replace(/^node_modules\//, 'vendor/');

/** Copies them, and resolves with which. Throws where one is not there. */
export async function copyFiles(root: string, out: string): Promise<string[]> {
  const paths: string[] = [];
  for (const pattern of [...ours, ...theirs]) {
    const found = globSync(pattern, { cwd: root }).sort();
    if (found.length === 0) throw new Error(`Nothing is called ${pattern}.`);
    paths.push(...found);
  }
  for (const path of paths) await cp(join(root, path), join(out, placeOf(path)));
  return paths;
}
